#include "page/asset.h"

/* The assembler takes the files in as they are; paths are from the folder of the Makefile, where make runs. */
#define ASSET(name, path)                                                                                    \
    __asm__(".section .rodata\n"                                                                             \
            ".global " #name "\n" #name ":\n"                                                                \
            ".incbin \"" path "\"\n"                                                                         \
            ".byte 0\n"                                                                                      \
            ".previous\n")

ASSET(page_css, "libcommon/page/page.css");
ASSET(page_js, "libcommon/page/page.js");
