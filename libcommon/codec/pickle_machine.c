#include "codec/pickle_machine.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 };

struct pickle_chunk {
    struct pickle_chunk *next;
    size_t n;
    struct pickle_value value[CHUNK];
};

bool machine_fail(struct pickle_machine *m, const char *fmt, ...)
{
    char reason[sizeof m->e->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(reason, sizeof reason, fmt, ap);
    va_end(ap);
    return err_set(m->e, "pickle: byte %zu: %s", m->opcode_at, reason);
}

struct pickle_value *machine_value(struct pickle_machine *m, enum pickle_kind kind)
{
    struct pickle *p = m->p;
    if (p->values == PICKLE_VALUES_MAX) {
        machine_fail(m, "more than %d values", PICKLE_VALUES_MAX);
        return NULL;
    }
    if (!p->chunk || p->chunk->n == CHUNK) {
        struct pickle_chunk *c = xmalloc(1, sizeof *c);
        c->next = p->chunk;
        c->n = 0;
        p->chunk = c;
    }
    p->values++;
    struct pickle_value *v = &p->chunk->value[p->chunk->n++];
    *v = (struct pickle_value){.kind = kind};
    return v;
}

bool machine_append(struct pickle_machine *m, struct pickle_value *to, struct pickle_value *item)
{
    if (m->p->items == PICKLE_ITEMS_MAX)
        return machine_fail(m, "more than %d items in containers", PICKLE_ITEMS_MAX);
    m->p->items++;
    to->items = xgrow(to->items, to->n, &to->capacity, sizeof(struct pickle_value *));
    to->items[to->n++] = item;
    return true;
}

bool machine_push(struct pickle_machine *m, struct pickle_value *v)
{
    if (!v)
        return false;
    if (m->depth == PICKLE_STACK_MAX)
        return machine_fail(m, "the stack is deeper than %d", PICKLE_STACK_MAX);
    m->stack = xgrow(m->stack, m->depth, &m->stack_capacity, sizeof(struct pickle_value *));
    m->stack[m->depth++] = v;
    return true;
}

size_t machine_floor(const struct pickle_machine *m)
{
    return m->marks ? m->mark[m->marks - 1] : 0;
}

struct pickle_value *machine_top(struct pickle_machine *m)
{
    if (m->depth > machine_floor(m))
        return m->stack[m->depth - 1];
    machine_fail(m, "the stack is empty");
    return NULL;
}

struct pickle_value *machine_pop(struct pickle_machine *m)
{
    struct pickle_value *v = machine_top(m);
    m->depth -= v != NULL;
    return v;
}

bool machine_pop_mark(struct pickle_machine *m, size_t *first)
{
    if (!m->marks)
        return machine_fail(m, "no mark is open");
    *first = m->mark[--m->marks];
    return true;
}

bool machine_get(struct pickle_machine *m, uint64_t number)
{
    if (number >= m->memos || !m->memo[number])
        return machine_fail(m, "memo %llu was never put", (unsigned long long)number);
    return machine_push(m, m->memo[number]);
}

bool machine_put(struct pickle_machine *m, uint64_t number)
{
    struct pickle_value *v = machine_top(m);
    if (!v)
        return false;
    /* Writers number one after the other, so that there are fewer than bytes before. */
    if (number > m->at || number >= PICKLE_VALUES_MAX)
        return machine_fail(m, "memo %llu is far beyond the last", (unsigned long long)number);
    if (number >= m->memos) {
        size_t more = 2 * ((size_t)number + 32);
        m->memo = xrealloc(m->memo, more, sizeof(struct pickle_value *));
        memset(m->memo + m->memos, 0, (more - m->memos) * sizeof(struct pickle_value *));
        m->memos = more;
    }
    m->memo_used += !m->memo[number];
    m->memo[number] = v;
    return true;
}

const unsigned char *machine_take(struct pickle_machine *m, uint64_t n)
{
    if (n > m->n - m->at) {
        machine_fail(m, "the pickle ends in an opcode");
        return NULL;
    }
    const unsigned char *p = m->data + m->at;
    m->at += (size_t)n;
    return p;
}

bool machine_take_number(struct pickle_machine *m, size_t bytes, uint64_t *out)
{
    const unsigned char *p = machine_take(m, bytes);
    *out = 0;
    for (size_t i = 0; p && i < bytes; i++)
        *out |= (uint64_t)p[i] << 8 * i;
    return p != NULL;
}

const unsigned char *machine_take_counted(struct pickle_machine *m, size_t bytes, size_t *n)
{
    uint64_t length;
    if (!machine_take_number(m, bytes, &length))
        return NULL;
    *n = (size_t)length;
    return machine_take(m, length);
}

bool machine_take_line(struct pickle_machine *m, const char **text, size_t *length)
{
    const unsigned char *start = m->data + m->at, *end = memchr(start, '\n', m->n - m->at);
    if (!end)
        return machine_fail(m, "the pickle ends in a line");
    *text = (const char *)start;
    *length = (size_t)(end - start);
    m->at += *length + 1;
    return true;
}

void pickle_free(struct pickle *p)
{
    while (p->chunk) {
        struct pickle_chunk *c = p->chunk;
        p->chunk = c->next;
        for (size_t i = 0; i < c->n; i++) {
            free(c->value[i].items);
            if (c->value[i].kind == PICKLE_CLASS)
                free((char *)c->value[i].text);
        }
        free(c);
    }
    free(p->persistent);
    *p = (struct pickle){0};
}

const char *pickle_type(const struct pickle_value *v)
{
    static const char *const names[] = {"None",  "bool", "int", "int",  "float", "str",    "bytes",
                                        "tuple", "list", "set", "dict", "class", "object", "storage"};
    return v->kind == PICKLE_OBJECT ? v->callable->text : names[v->kind];
}

bool pickle_is_string(const struct pickle_value *v, const char *text)
{
    return v->kind == PICKLE_STRING && v->length == strlen(text) && memcmp(v->text, text, v->length) == 0;
}

bool pickle_is_object(const struct pickle_value *v, const char *class_name)
{
    return v->kind == PICKLE_OBJECT && strcmp(v->callable->text, class_name) == 0;
}
