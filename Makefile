# fern: one non-recursive Makefile. Tools, pages and tests are found by wildcard: a new tool is new files only.
include config.mk

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

# One short line a file; make V=1 shows the commands.
Q := $(if $(V),,@)

TOOLS   := $(filter-out TEMPLATE,$(patsubst tools/%.c,%,$(wildcard tools/*.c)))
X86     := $(filter x86_64%,$(shell $(CC) -dumpmachine))
ISAS    := avx2 avx512 bf16 vnni amx
LEVELS  := plain $(if $(X86),avx2 avx512)
LEVELS_winograd = $(LEVELS) $(if $(X86),bf16)
BODIES  := $(wildcard libcommon/*/*_body.c)
# Messages between processes: by MPI, or none.
LIBSRC  := $(filter-out $(BODIES) $(if $(X86),,$(foreach i,$(ISAS),%_$(i).c)) $(if $(filter 1,$(MPI)),%_alone.c,%_mpi.c),$(wildcard libcommon/*/*.c))
LIBOBJ  := $(LIBSRC:%.c=$(O)/%.o) \
           $(foreach b,$(BODIES:%.c=%),$(foreach l,$(or $(LEVELS_$(notdir $(b:%_body=%))),$(LEVELS)),$(O)/$(b).$(l).o))
LIB     := $(O)/libcommon.a
PROGS   := $(TOOLS:%=$(BIN)/%)
UNITS   := $(patsubst tests/unit/%.c,$(O)/unit/%.t,$(wildcard tests/unit/*.c))
BENCHES := $(patsubst scripts/bench/%.c,$(O)/bench/%,$(wildcard scripts/bench/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
TEMPLATE := $(patsubst tools/%.c,$(BIN)/%,$(wildcard tools/TEMPLATE.c))
WEIGHTS_FILES := $(wildcard weights/*.safetensors)
PAGES   := $(wildcard man/*.[1-9])
SHELLS  := $(sort $(wildcard tests/*.t tests/*.test tests/*.recipe tests/*.sh) $(shell grep -rlI '^\#!/bin/bash' scripts tests .ci))

.PHONY: all demo weights check cross valgrind fuzz fuzzers lint format install uninstall clean
all: $(PROGS) $(TEMPLATE) $(if $(filter 1,$(MPI)),$(O)/unit/tree.t)

# Asks apt only when a header is missing; the stamp remembers that none is.
$(O)/deps.ok: scripts/deps
	@mkdir -p $(@D)
	scripts/deps
	@touch $@

# Kernels. A file named *_avx2.c or the like is for one kind of CPU: it is compiled with that CPU's instructions, on x86-64 only.
# X_body.c is compiled once for each level, into X_body.avx2.o and so on (num/level.h). num/cpu.c chooses at run time.
ISA_plain  = -O3
ISA_avx2   = -O3 -mavx2 -mfma -mf16c
ISA_wide   = $(ISA_avx2) -mavx512f -mavx512bw -mavx512dq -mavx512vl
ISA_avx512 = $(ISA_wide)
ISA_bf16   = $(ISA_wide) -mavx512bf16
ISA_vnni   = $(ISA_wide) -mavx512vnni
ISA_amx    = $(ISA_bf16) -mamx-tile -mamx-bf16
define ISA_RULES
$(O)/%_$(1).o: ISA = $$(ISA_$(1))
$(O)/%_body.$(1).o: %_body.c config.mk Makefile | $(O)/deps.ok
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo '  CC   $$< ($(1))')
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(ISA_$(1)) -DLEVEL=$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach l,plain $(ISAS),$(eval $(call ISA_RULES,$(l))))

$(O)/%.o: %.c config.mk Makefile | $(O)/deps.ok
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC   $<')
	$(Q)$(CC) $(CFLAGS_ALL) $(ISA) -MMD -MP -c -o $@ $<

# Files that are built into a program as they are (page/asset.h)
$(O)/libcommon/page/asset.o: libcommon/page/page.css libcommon/page/page.js

$(LIB): $(LIBOBJ)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(PROGS) $(TEMPLATE): $(BIN)/%: $(O)/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $< $(LIB) $(LDFLAGS) $(LIBS)

$(O)/unit/%.t: $(O)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $< $(LIB) $(LDFLAGS) $(LIBS)

# Benchmarks that need the library's insides; the scripts beside them build and run them, and a check builds them so that they don't
# fall behind the library.
$(O)/bench/%: $(O)/scripts/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $< $(LIB) $(LDFLAGS) $(LIBS)

# Unit tests (C, TAP), then tests/*.t (shell, TAP) and tests/*.test (shell, stdout against *.ok), two at a time.
check: all $(UNITS) $(BENCHES)
	scripts/deps test
	FERN_BIN=$(abspath $(BIN)) FERN_O=$(abspath $(O)) FERN_UNITS=$(abspath $(O)/unit) SANITIZE=$(SANITIZE) \
	  tests/check $(UNITS) $(wildcard tests/*.t) $(wildcard tests/*.test)

# The same on another architecture, under emulation, but for what is slow there.
cross:
	scripts/cross

# The unit tests under valgrind, which has no AVX-512: the AVX2 kernels run. Blocks that are only possibly lost are the stacks of
# the pool's threads, which live as long as the process.
valgrind: $(UNITS)
	for t in $(UNITS); do echo "$$t"; FERN_TESTS=$(abspath tests) valgrind -q --error-exitcode=9 --leak-check=full \
	  --suppressions=tests/valgrind.supp --show-leak-kinds=definite --errors-for-leak-kinds=definite "$$t" > $(O)/valgrind.out || { cat $(O)/valgrind.out; exit 1; }; done

# libFuzzer programs need clang; what reads foreign bytes is compiled once more for them. make check runs them briefly
# through tests/fuzz.t where clang is there.
FUZZ_LIB := $(patsubst %.c,$(O)/fuzz/o/%.o,$(wildcard $(FUZZ_PARTS:%=libcommon/%.c)))
$(O)/fuzz/o/%.o: %.c config.mk Makefile | $(O)/deps.ok
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC   $< (fuzz)')
	$(Q)$(FUZZ_CC) $(CFLAGS_ALL) $(ISA) $(FUZZ_OPT) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<
$(O)/fuzz/libcommon.a: $(FUZZ_LIB)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^
$(FUZZERS:%=$(O)/fuzz/%): $(O)/fuzz/%: $(O)/fuzz/o/tests/fuzz/%.o $(O)/fuzz/libcommon.a
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(FUZZ_CC) $(FUZZ_OPT) -fsanitize=fuzzer -o $@ $^ $(LDFLAGS) $(LIBS)
fuzzers: $(FUZZERS:%=$(O)/fuzz/%)
fuzz: fuzzers
	scripts/fuzz $(O)/fuzz $(FUZZ_SECONDS)

demo: all
	scripts/demo $(abspath $(BIN)) $(if $(DATA),--data "$(DATA)") $(if $(WEIGHTS),--weights "$(WEIGHTS)")

# The shipped weights, made anew beside the shipped ones: more than an hour (weights/README.md).
weights: all
	scripts/weights $(abspath $(BIN)) $(O)/fern-resnet18.safetensors

CSRC := $(wildcard tools/*.[ch] scripts/bench/*.c libcommon/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch])
lint: | $(O)/deps.ok
	scripts/deps lint
	$(Q)clang-format --dry-run -Werror $(CSRC)
	$(Q)cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr --enable=warning,portability \
	  --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -D_GNU_SOURCE -D__x86_64__ -DFERN_VERSION='"x"' '-D_Noreturn=__attribute__((noreturn))' \
	  -Ilibcommon -j2 tools libcommon tests/unit
	$(Q)mandoc -T lint -W warning $(PAGES)
	$(Q)shellcheck -x $(SHELLS)
format:
	clang-format -i $(CSRC)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/fern $(DESTDIR)$(MANDIR)/man{1,5,7}
	install -m 755 $(PROGS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(WEIGHTS_FILES) $(DESTDIR)$(PREFIX)/share/fern
	for p in $(PAGES); do install -m 644 $$p $(DESTDIR)$(MANDIR)/man$${p##*.}; done
uninstall:
	cd $(DESTDIR)$(PREFIX)/bin && rm -f $(TOOLS)
	cd $(DESTDIR)$(PREFIX)/share/fern && rm -f $(notdir $(WEIGHTS_FILES))
	for p in $(notdir $(PAGES)); do rm -f $(DESTDIR)$(MANDIR)/man$${p##*.}/$$p; done
clean:
	rm -rf build bin

-include $(shell find $(O) -name root -prune -o -name '*.d' -type f -print 2>/dev/null)
