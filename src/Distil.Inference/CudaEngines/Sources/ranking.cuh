// Finds a place in the ranking of a row's tokens, whose keys are grouped by range.
#pragma once
#include "draw.cuh"

// The heaviest tokens up to and including one: its key, how many they are, and the sum of their weights.
struct Cut {
  Key key;
  unsigned count;
  Key mass;
};

struct Ranking {
  const Key* grouped;         // the row's keys
  unsigned* counts;           // shared: tokens up to the end of each range
  Key *sums, *keys;           // shared: their weights; room for FEW keys
  Cut* found;                 // shared
  unsigned* filled;           // shared

  // Whether so many tokens are enough.
  static __device__ __forceinline__ bool reached(unsigned count, Key mass, unsigned wantedCount, double wantedMass) {
    return count > 0 && (count >= wantedCount || masses(mass) >= wantedMass);
  }

  // How many tokens are at most so far from the heaviest one. Every thread must call it.
  __device__ __forceinline__ unsigned within(unsigned distance) const {
    const unsigned range = min(distance >> RANGE_BITS, (unsigned)(RANGES - 1)), above = range > 0 ? counts[range - 1] : 0, end = counts[range];
    __syncthreads();
    if (threadIdx.x == 0) *filled = 0;
    __syncthreads();
    for (unsigned i = above + threadIdx.x; i < end; i += DRAW_THREADS)
      if ((unsigned)(grouped[i] >> TOKEN_BITS) <= distance) atomicAdd(filled, 1u);
    __syncthreads();
    return above + *filled;
  }

  // The smallest set of heaviest tokens that reaches a count, of at most all of them, or a mass; at least one token. Every thread must call it.
  __device__ Cut take(unsigned count, double mass) const {
    __syncthreads();
    for (int i = threadIdx.x; i < RANGES; i += DRAW_THREADS)
      if (reached(counts[i], sums[i], count, mass) && !(i > 0 && reached(counts[i - 1], sums[i - 1], count, mass))) *found = {(Key)i, 0, 0};
    __syncthreads();
    Key prefix = found->key;
    const unsigned begin = prefix > 0 ? counts[prefix - 1] : 0, end = counts[prefix];
    unsigned above = begin, inside = end - begin;
    Key massAbove = prefix > 0 ? sums[prefix - 1] : 0;
    int shift = RANGE_BITS + TOKEN_BITS;
    while (inside > FEW) { // a digit of the key more
      shift -= DIGIT_BITS;
      unsigned* digitCounts = (unsigned*)keys;
      Key* digitSums = keys + (1 << DIGIT_BITS);
      __syncthreads();
      digitCounts[threadIdx.x] = 0;
      digitSums[threadIdx.x] = 0;
      __syncthreads();
      for (unsigned i = begin + threadIdx.x; i < end; i += DRAW_THREADS) {
        const Key key = grouped[i];
        if (key >> (shift + DIGIT_BITS) != prefix) continue;
        const unsigned digit = (unsigned)(key >> shift) & ((1 << DIGIT_BITS) - 1);
        atomicAdd(&digitCounts[digit], 1u);
        atomicAdd(&digitSums[digit], massOf(key));
      }
      __syncthreads();
      const unsigned own = digitCounts[threadIdx.x], before = above + sumBefore(own);
      const Key ownMass = digitSums[threadIdx.x], massBefore = massAbove + sumBefore(ownMass);
      if (reached(before + own, massBefore + ownMass, count, mass) && !reached(before, massBefore, count, mass)) {
        *found = {prefix << DIGIT_BITS | threadIdx.x, before, massBefore};
        *filled = own;
      }
      __syncthreads();
      prefix = found->key;
      above = found->count;
      massAbove = found->mass;
      inside = *filled;
    }
    sort(begin, end, prefix, shift, inside);
    const unsigned i = 2 * threadIdx.x;
    const Key first = i < inside ? massOf(keys[i]) : 0, second = i + 1 < inside ? massOf(keys[i + 1]) : 0;
    const Key massBefore = massAbove + sumBefore(first + second);
    const bool before = reached(above + i, massBefore, count, mass), with = reached(above + i + 1, massBefore + first, count, mass);
    if (i < inside && with && !before) *found = {keys[i], above + i + 1, massBefore + first};
    if (i + 1 < inside && !with && reached(above + i + 2, massBefore + first + second, count, mass))
      *found = {keys[i + 1], above + i + 2, massBefore + first + second};
    __syncthreads();
    const Cut cut = *found;
    __syncthreads();
    return cut;
  }

private:
  // The keys with a prefix, sorted.
  __device__ __forceinline__ void sort(unsigned begin, unsigned end, Key prefix, int shift, unsigned inside) const {
    __syncthreads();
    if (threadIdx.x == 0) *filled = 0;
    __syncthreads();
    for (unsigned i = begin + threadIdx.x; i < end; i += DRAW_THREADS) {
      const Key key = grouped[i];
      if (key >> shift == prefix) keys[atomicAdd(filled, 1u)] = key;
    }
    unsigned size = 2;
    while (size < inside) size <<= 1;
    for (unsigned i = inside + threadIdx.x; i < size; i += DRAW_THREADS) keys[i] = ~(Key)0;
    for (unsigned sorted = 2; sorted <= size; sorted <<= 1)
      for (unsigned apart = sorted >> 1; apart > 0; apart >>= 1) {
        __syncthreads();
        if (threadIdx.x < size / 2) { // FEW / 2 threads
          const unsigned a = 2 * threadIdx.x - (threadIdx.x & (apart - 1)), b = a + apart;
          const Key x = keys[a], y = keys[b];
          if ((x > y) == ((a & sorted) == 0)) { keys[a] = y; keys[b] = x; }
        }
      }
    __syncthreads();
  }
};

// Draws each row's next token, which joins the list chosen, (steps, rows), if there is one; numbers: (steps, rows), uniform in 0 to 1. counts and sums become 0
// again. Grid (rows), 1024 threads.
extern "C" __global__ void __launch_bounds__(DRAW_THREADS) draw(
    const Drawing* how, const double* numbers, int vocabulary, const int* verdicts, unsigned* counts, Key* sums, const Key* grouped, int* tokens, int* chosen,
    const int* step) {
  constexpr int Each = (RANGES + DRAW_THREADS - 1) / DRAW_THREADS;
  __shared__ unsigned upTo[RANGES], filled;
  __shared__ Key massUpTo[RANGES], keys[FEW];
  __shared__ Cut found;
  letNextBegin();
  waitForInputs();
  const int row = blockIdx.x, rows = gridDim.x, from = threadIdx.x * Each, at = step ? *step - 1 : 0;
  const Drawing by = how[row];
  int token = verdicts[row];
  if (token >= 0 && by.inverseTemperature > 0) {
    unsigned own[Each], sum = 0;
    Key ownMass[Each], mass = 0;
#pragma unroll
    for (int i = 0; i < Each; i++) {
      const bool present = from + i < RANGES;
      own[i] = present ? counts[row * RANGES + from + i] : 0;
      ownMass[i] = present ? sums[row * RANGES + from + i] : 0;
      sum += own[i];
      mass += ownMass[i];
      if (own[i] > 0) counts[row * RANGES + from + i] = 0, sums[row * RANGES + from + i] = 0;
    }
    unsigned before = sumBefore(sum);
    Key massBefore = sumBefore(mass);
#pragma unroll
    for (int i = 0; i < Each; i++) {
      before += own[i];
      massBefore += ownMass[i];
      if (from + i < RANGES) { upTo[from + i] = before; massUpTo[from + i] = massBefore; }
    }
    __syncthreads();
    const Ranking ranking = {grouped + (long long)row * vocabulary, upTo, massUpTo, keys, &found, &filled};
    const double infinity = __longlong_as_double(0x7ff0000000000000);
    Cut kept = {~(Key)0, upTo[RANGES - 1], massUpTo[RANGES - 1]};
    if ((unsigned)by.topK < kept.count) kept = ranking.take(by.topK, infinity);
    if (by.topP < 1) {
      const Cut nucleus = ranking.take(kept.count, by.topP * masses(kept.mass));
      if (nucleus.count < kept.count) kept = nucleus;
    }
    if (by.minP > 0) {
      const unsigned likely = ranking.within(ONE - __float_as_uint((float)by.minP));
      if (likely < kept.count) kept = ranking.take(likely, infinity);
    }
    token = (int)(ranking.take(kept.count, numbers[at * rows + row] * masses(kept.mass)).key & ((1 << TOKEN_BITS) - 1));
  }
  if (threadIdx.x == 0) {
    tokens[row] = token;
    if (chosen) chosen[at * rows + row] = token;
  }
}
