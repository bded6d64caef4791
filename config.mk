# What a packager may change. Everything can also be given on the command line: make CC=clang PREFIX=/usr
VERSION = 0.1
PREFIX  = /usr/local
MANDIR  = $(PREFIX)/share/man
CC      = gcc
OPT     = -O2 -g
O       = build
BIN     = bin

# Warnings are errors (WERROR= turns that off). Left out on purpose:
#   -Wsign-conversion: gcc's -Wconversion without it still finds every narrowing; with it, every char
#   and every getopt value needs a cast that hides more than it shows.
#   -Wfloat-conversion double to float stays on.
WERROR  = -Werror
WARN    = -Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow -Wstrict-prototypes \
          -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2 -Wno-format-nonliteral $(WERROR)

# No contraction: a*b+c means the same on every CPU; kernels that want a fused one say so by name.
CFLAGS_ALL  = -std=c11 -D_GNU_SOURCE -DFERN_VERSION='"$(VERSION)"' -ffp-contract=off -fno-math-errno \
              $(OPT) $(WARN) -Ilibcommon $(CFLAGS)
# netpbm and BLIS headers are not clean under our warnings: system headers.
CFLAGS_ALL += -isystem /usr/include/netpbm
LIBS    = -lblis -lnetpbm -lpng -ljpeg -lz -lpthread -lm

# Fuzzing: the compiler, how long each target runs (make fuzz FUZZ_SECONDS=3600), and what the targets may use of libcommon.
FUZZ_CC      = clang
FUZZ_SECONDS = 60
FUZZ_PARTS   = base/* stream/* codec/* image/* dataset/decode dataset/tiles fractal/codes
FUZZ_OPT     = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined

ifeq ($(SANITIZE),1)
O      := $(O)/sanitize
BIN    := $(O)/bin
OPT     = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# The checks that gcc inserts make -Wconversion see narrowings that are none.
WARN   += -Wno-conversion
endif

# Training on several machines, by Open MPI: programs in build/mpi/bin. Else nothing knows of it.
ifeq ($(MPI),1)
O      := $(O)/mpi
BIN    := $(O)/bin
MPI_COMPILE := $(shell scripts/deps mpi >&2; mpicc --showme:incdirs)
CFLAGS_ALL += $(MPI_COMPILE:%=-isystem %)
LIBS   += -Wl,--as-needed $(shell mpicc --showme:link)
endif
