/* The sum of M vectors, M a power of two, that come one after the other and from several ranks: by one fixed binary tree, so
 * that the bits depend neither on how many ranks share them nor on threads. Vectors m and m + M/2 are added first, then m and m
 * + M/4 of what that gives, in the end 0 and 1. With R ranks, R at most M, rank r has the vectors m = r modulo R, so its part
 * of the tree is whole, and ranks.h adds the parts by the rest of it.
 *
 *     struct tree *t = tree_new(x, n, DT_F32, M, false);
 *     for (size_t i = 0; i < tree_leaves(M); i++) {
 *         ...vector tree_leaf(M, i) comes into x, its end first...
 *         tree_add(t, i, from, n);             elements from .. n are complete
 *         tree_add(t, i, 0, from);
 *     }
 *     ranks_sum_finish();                      x is the sum
 *
 * A tree has log2 of its own leaves' number further vectors: partial sums that wait. */
#ifndef RANKS_TREE_H
#define RANKS_TREE_H
#include "base/tensor.h"

struct tree;
/* x stays the caller's. narrow (f32): every partial sum is rounded to bf16 before it is added to another, and the total too. */
struct tree *tree_new(void *x, size_t n, enum dtype type, size_t m, bool narrow);
void tree_free(struct tree *t);
/* This rank's vectors: how many, and which is the i-th to come. */
size_t tree_leaves(size_t m);
size_t tree_leaf(size_t m, size_t i);
/* Elements from..to of the i-th vector are in x and may be taken away; each once, in an order that all ranks have. With the last
 * vector they set out for the other ranks and are the tree's until ranks_sum_finish. */
void tree_add(struct tree *t, size_t i, size_t from, size_t to);
#endif
