/* A coreset by greedy k-centre (Sener and Savarese, "Active Learning for Convolutional Neural Networks: A
 * Core-Set Approach", ICLR 2018; methods 3.1, 5): the vector farthest from all chosen ones is chosen next,
 * ties to the lowest index.
 *
 * x: n vectors of dims elements, dims a multiple of DISTANCE_LANES (pad with zeros); they may lie on a disk (base/scratch.h), and walks
 * over them keep within --mem. Everything is the caller's. */
#ifndef SEARCH_CORESET_H
#define SEARCH_CORESET_H
#include <stddef.h>

/* Fills chosen[have, wanted) and returns how many there are then: fewer than wanted only where every other
 * vector equals a chosen one. chosen[0, have) are chosen already. bound: n squared distances that no vector
 * is farther than from the chosen: INFINITY where nothing is known; overwritten. With have 0 the bounds alone
 * decide on the first.
 *
 * Exact, and lazy (Minoux, "Accelerated greedy algorithms", 1978): distances to the chosen only shrink, so a
 * vector whose last known distance is below the present radius can't be next and is not looked at. Runs on
 * the pool; takes 8 n bytes, a copy of the chosen vectors, and a sketch of every vector and of the chosen ones (search/sketch.h):
 * 8 bytes each, and 128 that may lie on a disk. */
size_t coreset_greedy(size_t *chosen, size_t have, size_t wanted, float *bound, const float *x, size_t n,
                      size_t dims);

/* The same to `least` of them, and on to `most` while a bound is above *radius; which becomes the largest of the bounds then:
 * how far any vector is from the chosen, where the bounds began as INFINITY. A squared distance. */
size_t coreset_cover(size_t *chosen, size_t have, size_t least, size_t most, float *bound, const float *x,
                     size_t n, size_t dims, float *radius);

/* The plain loop: every distance to every chosen vector. The same selection; for tests. */
size_t coreset_greedy_naive(size_t *chosen, size_t have, size_t wanted, float *bound, const float *x,
                            size_t n, size_t dims);
#endif
