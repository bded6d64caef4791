/* stream/identity: what must agree, what may be missing, what the advice says. */
#include "base/mem.h"
#include "stream/identity.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static struct note parsed(const char *text)
{
    struct note note = {0};
    struct err e;
    if (text && !note_parse(&note, text, strlen(text), &e))
        die("%s", e.text);
    return note;
}

/* Whether they differ, and in what: key and mend are compared where they are given. */
static bool differs(const char *known, const char *opening, const char *record, const char *key,
                    const char *mend)
{
    struct note k = parsed(known), o = parsed(opening), r = parsed(record);
    struct identity_difference d;
    bool found = identity_differs(&d, &k, opening ? &o : NULL, record ? &r : NULL);
    if (found && key && (strcmp(d.key, key) != 0 || strcmp(d.mend, mend) != 0)) {
        printf("# %s: %s, then %s: %s\n", d.key, d.known, d.here, d.mend);
        found = false;
    }
    note_clear(&k);
    note_clear(&o);
    note_clear(&r);
    return found;
}

#define OPENING "weights=a.st:1111\tarch=resnet18\tlayers=l1,l2\tprecision=f32\tnorm=0/1"
#define RECORD "name=x\tresize=256,224\tinput=224x224\tarrays=l1,l2"

static void keys(void)
{
    ok(!differs(OPENING "\t" RECORD, OPENING, RECORD, NULL, NULL), "the same agrees");
    ok(differs(OPENING, "weights=a.st:2222", NULL, "weights", "featx -w a.st"), "other weights");
    ok(differs("weights=random-7:1", "weights=a:2", NULL, "weights", "featx -w random:7"), "random weights");
    ok(!differs(OPENING, "weights=other name.st:1111", NULL, NULL, NULL), "weights are told by their hash");
    ok(differs(OPENING, "arch=resnet34", NULL, "arch", "featx -a resnet18"), "another network");
    ok(differs(OPENING, "precision=bf16", NULL, "precision", "featx --precision f32"), "another precision");
    ok(differs(OPENING, "norm=.5/.5", NULL, "norm", "featx --norm 0/1"), "another normalisation");
    ok(differs(OPENING, "layers=l1", NULL, "layers", "featx -l l1,l2"), "other layers, by the opening note");
    ok(differs(OPENING, "layers=l1,l2", "arrays=l2,l1", "layers", "featx -l l1,l2"), "by the record");
    ok(differs(RECORD, NULL, "resize=224\tinput=224x224", "resize", "imgcat -r 256 -c 224"), "another crop");
    ok(differs("resize=512,448+224", NULL, "resize=224", "resize", "imgcat -r 512 -c 448 | imgcat -r 224"),
       "in two steps");
    ok(differs("resize=0/512", NULL, "resize=256", "resize", "imgcat -r 0 --tiles 512"),
       "tiles at full size");
    ok(differs("resize=1024,896/128+64", NULL, "resize=64", "resize",
               "imgcat -r 1024 -c 896 --tiles 128 | imgcat -r 64"),
       "tiles that were made smaller");
    ok(differs(RECORD, NULL, "input=128x128", "input", "imgcat -r 224"), "another size");
    ok(differs("input=20x10", NULL, "input=10x10", "input", "images of 20x10"), "a size that is not square");
    ok(!differs(OPENING "\t" RECORD, "stream=features\tby=me", "name=y\tlabel=1", NULL, NULL),
       "what a stream does not say agrees");
    ok(!differs("stream=features", OPENING, RECORD, NULL, NULL), "and what a model does not say");
    ok(!differs(OPENING, NULL, NULL, NULL, NULL), "nothing agrees with everything");
}

static void copies(void)
{
    struct note known = parsed("weights=mine:1"), o = parsed(OPENING "\tby=x"), r = parsed(RECORD);
    identity_copy(&known, &o, NULL);
    identity_copy(&known, NULL, &r);
    char *text = note_format(&known);
    ok(strcmp(text, "weights=mine:1\tarch=resnet18\tlayers=l1,l2\tprecision=f32\tnorm=0/1\tresize=256,224\t"
                    "input=224x224") == 0,
       "what is missing is copied, in the list's order, and nothing else");
    free(text);
    note_clear(&known);
    identity_copy(&known, NULL, &r);
    ok(strcmp(note_get(&known, "layers"), "l1,l2") == 0, "layers= are the record's arrays=");
    note_clear(&known);
    note_clear(&o);
    note_clear(&r);
}

int main(void)
{
    keys();
    copies();
    return done();
}
