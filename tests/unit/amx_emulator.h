/* AMX-BF16 for CPUs without it: a handler of SIGILL that does what the instruction under the program counter
 * would have done (Intel SDM volume 2, LDTILECFG, TILERELEASE, TILEZERO, TILELOADD, TILESTORED, TDPBF16PS).
 * The kernels under test are the very machine code that such a CPU runs. Slow: a signal an instruction. */
#ifndef AMX_EMULATOR_H
#define AMX_EMULATOR_H
#if !defined(__x86_64__)
static void amx_emulate(void) /* nobody comes here: no other CPU has a level above plain C */
{
}
#else
#include "base/tensor.h"
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

static _Thread_local struct {
    bool configured;
    uint8_t rows[8];
    uint16_t bytes[8];
    unsigned char tile[8][16][64];
} amx;

/* General register n (0 = rax .. 15 = r15) of the interrupted code. */
static uint64_t amx_register(const ucontext_t *u, unsigned n)
{
    static const int at[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                               REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return (uint64_t)u->uc_mcontext.gregs[at[n]];
}

struct amx_instruction {
    unsigned prefix, opcode, reg, rm, vvvv; /* prefix: 0 none, 1 66, 2 F3, 3 F2 */
    bool in_register;
    uint64_t address; /* of the memory operand, without the index */
    uint64_t index;   /* scaled */
    size_t length;
};

/* The memory operand behind the modrm byte at p; returns the first byte after it. */
static const uint8_t *amx_operand(struct amx_instruction *i, const ucontext_t *u, const uint8_t *p,
                                  unsigned vex)
{
    const unsigned mod = *p >> 6, extend_base = vex & 0x20 ? 0 : 8, extend_index = vex & 0x40 ? 0 : 8;
    unsigned base = *p++ & 7;
    bool relative = mod == 0 && base == 5, bare = false;
    if (base == 4) {
        const unsigned index = (*p >> 3 & 7) | extend_index;
        if (index != 4)
            i->index = amx_register(u, index) << (*p >> 6);
        base = *p++ & 7;
        bare = mod == 0 && base == 5;
    }
    int32_t displacement = 0;
    if (mod == 1)
        displacement = (int8_t)*p++;
    else if (mod == 2 || relative || bare) {
        memcpy(&displacement, p, 4);
        p += 4;
    }
    i->address = relative ? (uint64_t)(uintptr_t)p : bare ? 0 : amx_register(u, base | extend_base);
    i->address += (uint64_t)(int64_t)displacement;
    return p;
}

/* False where the bytes are no three-byte VEX instruction of map 0F38. */
static bool amx_decode(struct amx_instruction *i, const ucontext_t *u)
{
    const uint8_t *start = (const uint8_t *)(uintptr_t)u->uc_mcontext.gregs[REG_RIP], *p = start;
    if (p[0] != 0xc4 || (p[1] & 0x1f) != 2)
        return false;
    *i = (struct amx_instruction){.prefix = p[2] & 3,
                                  .opcode = p[3],
                                  .reg = p[4] >> 3 & 7,
                                  .rm = p[4] & 7,
                                  .vvvv = ~(unsigned)p[2] >> 3 & 7,
                                  .in_register = p[4] >> 6 == 3};
    i->length = (size_t)((i->in_register ? p + 5 : amx_operand(i, u, p + 4, p[1])) - start);
    return true;
}

static void amx_configure(const unsigned char config[64])
{
    memset(&amx, 0, sizeof amx);
    amx.configured = config[0] == 1;
    for (unsigned t = 0; t < 8; t++) {
        memcpy(&amx.bytes[t], config + 16 + 2 * t, 2);
        amx.rows[t] = config[48 + t];
        amx.configured &= amx.bytes[t] <= 64 && amx.rows[t] <= 16;
    }
}

/* C += A B: pairs of bf16 along A's rows and B's columns; products of even and odd depth are summed apart,
 * fused. (The instruction also takes numbers below 2^-126 for zero; not here.) */
static void amx_multiply(unsigned c, unsigned a, unsigned b)
{
    for (size_t m = 0; m < amx.rows[c]; m++)
        for (size_t n = 0; n < amx.bytes[c] / 4u; n++) {
            float sum[2] = {0}, whole;
            for (size_t k = 0; k < amx.bytes[a] / 4u; k++) {
                uint16_t x[2], y[2];
                memcpy(x, amx.tile[a][m] + 4 * k, 4);
                memcpy(y, amx.tile[b][k] + 4 * n, 4);
                sum[0] = fmaf(bf16_to_f32(x[0]), bf16_to_f32(y[0]), sum[0]);
                sum[1] = fmaf(bf16_to_f32(x[1]), bf16_to_f32(y[1]), sum[1]);
            }
            memcpy(&whole, amx.tile[c][m] + 4 * n, 4);
            whole += sum[0] + sum[1];
            memcpy(amx.tile[c][m] + 4 * n, &whole, 4);
        }
}

static bool amx_do(const struct amx_instruction *i)
{
    unsigned char *memory = (unsigned char *)(uintptr_t)i->address;
    if (i->opcode == 0x49 && i->prefix == 0 && !i->in_register)
        amx_configure(memory);
    else if (i->opcode == 0x49 && i->prefix == 0)
        memset(&amx, 0, sizeof amx);
    else if (!amx.configured)
        return false; /* as the CPU */
    else if (i->opcode == 0x49 && i->prefix == 3 && i->in_register)
        memset(amx.tile[i->reg], 0, sizeof amx.tile[i->reg]);
    else if (i->opcode == 0x4b && i->prefix == 3)
        for (size_t r = 0; r < amx.rows[i->reg]; r++) {
            memset(amx.tile[i->reg][r], 0, 64);
            memcpy(amx.tile[i->reg][r], memory + r * i->index, amx.bytes[i->reg]);
        }
    else if (i->opcode == 0x4b && i->prefix == 2)
        for (size_t r = 0; r < amx.rows[i->reg]; r++)
            memcpy(memory + r * i->index, amx.tile[i->reg][r], amx.bytes[i->reg]);
    else if (i->opcode == 0x5c && i->prefix == 2)
        amx_multiply(i->reg, i->rm, i->vvvv);
    else
        return false;
    return true;
}

static void amx_on_illegal(int number, siginfo_t *info, void *context)
{
    (void)info;
    ucontext_t *u = context;
    struct amx_instruction i;
    if (amx_decode(&i, u) && amx_do(&i))
        u->uc_mcontext.gregs[REG_RIP] += (greg_t)i.length;
    else
        signal(number, SIG_DFL); /* it comes again, and kills */
}

static void amx_emulate(void)
{
    struct sigaction a = {.sa_sigaction = amx_on_illegal, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &a, NULL);
}
#endif
#endif
