# booking: a booking engine inside PostgreSQL
#
# make, make install, make installcheck work as in any PGXS extension.
# make test and make demo need nothing but make: they install what is missing,
# touch no system directory and use servers of their own.  "make help" lists all.

EXTENSION  = booking
MODULE_big = booking
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(EXTENSION).control)

PG_CONFIG ?= pg_config

# Targets that must work before PostgreSQL is there; all others need PGXS.
HARNESS = test demo demo-stop bench deps clean-test help

ifneq (,$(filter-out $(HARNESS),$(or $(MAKECMDGOALS),all)))

PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq (,$(wildcard $(PGXS)))
$(error the server development files of PostgreSQL are missing: run "make deps", or name a server with PG_CONFIG=/path/to/pg_config)
endif

# --- the library ------------------------------------------------------------

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))

# The server's headers count as system headers, so that -Wextra speaks of this
# code alone.  Many functions ignore an argument that their caller prescribes, and
# tables leave trailing fields to be zero.
PG_INCLUDE := $(shell $(PG_CONFIG) --includedir-server)
PG_CPPFLAGS = -I$(srcdir)/src -isystem '$(PG_INCLUDE)' -DBOOKING_VERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare
ifneq (,$(findstring clang,$(CC)))
PG_CFLAGS  += -Wno-unknown-warning-option -Wno-ignored-optimization-argument
endif
ifdef WERROR
PG_CFLAGS  += -Werror
endif

# Only what the server looks up by name is visible.  PostgreSQL 16 and later
# mark it themselves; visibility.h does for 15.
PG_CFLAGS  += -fvisibility=hidden
ifneq (,$(filter 15.% 15beta% 15rc%,$(word 2,$(shell $(PG_CONFIG) --version))))
PG_CPPFLAGS += -DPGDLLEXPORT='__attribute__((visibility("default")))' -include $(srcdir)/src/visibility.h
endif

# Bitcode for JIT inlining costs a second compilation; with_llvm=yes asks for it.
ifneq ($(origin with_llvm),command line)
override with_llvm := no
endif

# --- the SQL script ---------------------------------------------------------

SQL_PARTS  := $(addprefix sql/,$(shell sed 's/\#.*//' sql/parts))
DATA_built  = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA        = $(wildcard sql/$(EXTENSION)--*--*.sql)

SQL_UNLISTED := $(filter-out $(SQL_PARTS) sql/$(EXTENSION)--%,$(wildcard sql/*.sql))
ifneq (,$(SQL_UNLISTED))
$(warning not listed in sql/parts, so not part of the extension: $(SQL_UNLISTED))
endif

# --- tests: see test/bin/suite.sh for why pg_regress is not called directly --

NO_INSTALLCHECK = 1

# Generated files; results of tests are in tmp/, see clean-test.
EXTRA_CLEAN = $(OBJS:.o=.d) .buildflags .buildobjs

include $(PGXS)

$(DATA_built): $(SQL_PARTS) sql/parts $(EXTENSION).control
	cat $(SQL_PARTS) > $@.tmp
	mv $@.tmp $@

# Objects depend on the headers they include, and on server, compiler and flags.
ifneq ($(autodepend),yes)
override CFLAGS += -MMD -MP
-include $(OBJS:.o=.d)
endif

STAMP = printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' > $@
.buildflags: .FORCE
	@$(call STAMP,$(VERSION) $(CC) $(CPPFLAGS) $(CFLAGS) $(COPT))
.buildobjs: .FORCE
	@$(call STAMP,$(OBJS))
$(OBJS): .buildflags
$(shlib): .buildobjs

installcheck:
	@$(TEST_ENV) test/bin/test.sh installcheck

.FORCE:
.PHONY: installcheck .FORCE

endif

# --- test, demo, bench ------------------------------------------------------

TEST_ENV = MAKE='$(MAKE)' PG_CONFIG='$(PG_CONFIG)'

test: deps
	@$(TEST_ENV) test/bin/test.sh

demo: deps
	@$(TEST_ENV) test/bin/demo.sh start

demo-stop:
	@$(TEST_ENV) test/bin/demo.sh stop

bench: deps
	@$(TEST_ENV) test/bin/bench.sh

deps:
	@$(TEST_ENV) test/bin/deps.sh

clean-test:
	@$(TEST_ENV) test/bin/demo.sh stop --quiet
	rm -rf tmp

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

.PHONY: test demo demo-stop bench deps clean-test help

#: make                     build the extension (WERROR=1: warnings are errors)
#: make install             install it into the server that PG_CONFIG names
#: make installcheck        test it in a running server (PGHOST, PGPORT, PGUSER)
#:
#: make test                build and run every test on servers of its own
#:   ONLY=regress|isolation|tap    one kind
#:   REGRESS='a b*'                these regression tests (shell patterns)
#:   ISOLATION='a b*'              these isolation specs
#:   PROVE_TESTS='a b*'            these TAP tests, by name or path
#:   ACCEPT=1                      take the actual output as the expected one
#: make demo                start a private server and show what booking does
#: make demo-stop           stop that server
#: make bench               measure
#: make deps                install what the targets above need (Debian, Ubuntu)
#: make clean, clean-test   remove what was built; remove tmp/, results included
#:
#: PG_CONFIG=/path/to/pg_config chooses the server, for all of them.
