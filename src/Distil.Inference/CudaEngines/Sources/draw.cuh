// The draw of a token by temperature, top-k, top-p and min-p: the same token as Sampler's on the CPU, because the weights have the same bits and their sums are
// exact: weights are multiples of 2⁻³², so an integer contains a sum, whatever its order.
//
// A token's key is its place in the ranking, the heaviest first and equal ones by id: the distance of its weight's bits from those of 1, then the id. Tokens are
// counted by the range of their weight (64 ranges for each halving), then grouped by it; so a place is found by its range and by ranking that range's tokens only.
#pragma once
#include "choice.cuh"

#define RANGES 2049    // of weights from 1 to 2⁻³²
#define TOKEN_BITS 24
#define RANGE_BITS 17  // of the distance inside a range
#define DIGIT_BITS 10
#define FEW 2048       // keys that are sorted
#define DRAW_THREADS 1024
#define ONE 0x3f800000u
#define NEVER 0xffffffffu

typedef unsigned long long Key;

// How a row's token is drawn; RowDraw on the host. At an inverse temperature of 0 the most likely token is taken.
struct Drawing {
  float inverseTemperature;
  int topK;
  double topP, minP;
};

// Changes the logit of a token that occurred before: (row · V + token). As Penalties on the host. Any grid.
struct Penalty {
  int at;
  float less;
  double factor;
};

extern "C" __global__ void penalize(const Penalty* penalties, int count, float* logits) {
  letNextBegin();
  waitForInputs();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    const Penalty p = penalties[i];
    const float logit = logits[p.at];
    logits[p.at] = __fsub_rn((float)(logit > 0 ? logit / p.factor : logit * p.factor), p.less);
  }
}

// eˣ with the bits of VectorMath.Exp.
__device__ __forceinline__ float exponential(float x) {
  if (x < -87.f) return 0;
  x = fminf(x, 88.f);
  const float n = floorf(__fmaf_rn(x, 1.44269504088896341f, 0.5f));
  float r = __fmaf_rn(n, -0.693359375f, x), p = 1.9875691500e-4f;
  r = __fmaf_rn(n, 2.12194440e-4f, r);
  p = __fmaf_rn(p, r, 1.3981999507e-3f);
  p = __fmaf_rn(p, r, 8.3334519073e-3f);
  p = __fmaf_rn(p, r, 4.1665795894e-2f);
  p = __fmaf_rn(p, r, 1.6666665459e-1f);
  p = __fmaf_rn(p, r, 5.0000001201e-1f);
  p = __fmaf_rn(p, __fmul_rn(r, r), __fadd_rn(r, 1.f));
  return __fmul_rn(p, __int_as_float(((int)n + 127) << 23));
}

// How far the bits of a token's weight, exp((logit − max) / T) in multiples of 2⁻³², are below those of 1; NEVER for a weight of 0.
__device__ __forceinline__ unsigned distanceOf(float logit, float max, float inverseTemperature) {
  const float weight = rintf(__fmul_rn(exponential(__fmul_rn(__fsub_rn(logit, max), inverseTemperature)), 4294967296.f));
  return weight > 0 ? ONE - __float_as_uint(__fmul_rn(weight, 2.3283064365386963e-10f)) : NEVER;
}

// A weight as a number of 2⁻³².
__device__ __forceinline__ Key massAt(unsigned distance) { return (Key)__fmul_rn(__uint_as_float(ONE - distance), 4294967296.f); }
__device__ __forceinline__ Key massOf(Key key) { return massAt((unsigned)(key >> TOKEN_BITS)); }
__device__ __forceinline__ double masses(Key sum) { return (double)sum * 2.3283064365386963e-10; }

// The sum over the warp's lanes up to this one.
template <class T>
__device__ __forceinline__ T sumUpTo(T x) {
#pragma unroll
  for (int i = 1; i < 32; i <<= 1) {
    const T other = __shfl_up_sync(0xffffffffu, x, i);
    if ((threadIdx.x & 31) >= i) x += other;
  }
  return x;
}

// The sum over the threads before this one. Whole warps, at most 32.
template <class T>
__device__ __forceinline__ T sumBefore(T x) {
  __shared__ T parts[32];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const T sum = sumUpTo(x);
  __syncthreads();
  if (lane == 31) parts[warp] = sum;
  __syncthreads();
  const T warps = sumUpTo(lane < blockDim.x >> 5 ? parts[lane] : 0), before = __shfl_sync(0xffffffffu, warps, max(warp - 1, 0));
  return sum - x + (warp > 0 ? before : 0);
}

// Counts a part of a row's tokens by the range of their weight. verdicts: the most likely token, or −1 if a logit is not a number or none is finite. counts and
// masses: (rows, RANGES), 0 before. within: (rows, parts, RANGES): how many tokens of a range are in front of this part's. Grid (parts, rows), 256 threads.
extern "C" __global__ void __launch_bounds__(256) draw_count(
    const Drawing* how, const float* logits, long long stride, int vocabulary, const float* best, const int* token, int bestParts, float* maxima, int* verdicts,
    unsigned* counts, Key* sums, unsigned* within) {
  __shared__ unsigned count[RANGES], low[RANGES], high[RANGES]; // high and low: halves of the mass
  __shared__ Choice most;
  letNextBegin();
  for (int i = threadIdx.x; i < RANGES; i += blockDim.x) count[i] = low[i] = high[i] = 0;
  waitForInputs();
  const int row = blockIdx.y;
  if (threadIdx.x < 32) {
    Choice c = NONE;
    for (int i = threadIdx.x; i < bestParts; i += 32) c.take(best[row * bestParts + i], token[row * bestParts + i]);
    c = chooseInWarp(c);
    if (threadIdx.x == 0) most = c;
  }
  __syncthreads();
  const bool usable = !isinf(most.logit);
  const float max = most.logit, inverse = how[row].inverseTemperature;
  if (blockIdx.x == 0 && threadIdx.x == 0) { verdicts[row] = usable ? most.token : -1; maxima[row] = max; }
  if (!usable || inverse == 0) return;
  const int part = (vocabulary + gridDim.x - 1) / gridDim.x, first = blockIdx.x * part, end = min(first + part, vocabulary);
  for (int i = first + threadIdx.x; i < end; i += blockDim.x) {
    const unsigned distance = distanceOf(logits[row * stride + i], max, inverse);
    if (distance == NEVER) continue;
    const Key mass = massAt(distance);
    atomicAdd(&count[distance >> RANGE_BITS], 1u);
    atomicAdd(&low[distance >> RANGE_BITS], (unsigned)(mass & 0xffff));
    atomicAdd(&high[distance >> RANGE_BITS], (unsigned)(mass >> 16));
  }
  __syncthreads();
  for (int i = threadIdx.x; i < RANGES; i += blockDim.x)
    if (count[i] > 0) {
      within[((long long)row * gridDim.x + blockIdx.x) * RANGES + i] = atomicAdd(&counts[row * RANGES + i], count[i]);
      atomicAdd(&sums[row * RANGES + i], low[i] + ((Key)high[i] << 16));
    }
}

// Groups a part of a row's keys by range: (rows, V). Counts the step, if there is a counter. Grid and threads as for draw_count.
extern "C" __global__ void __launch_bounds__(256) draw_group(
    const Drawing* how, const float* logits, long long stride, int vocabulary, const float* maxima, const int* verdicts, const unsigned* counts,
    const unsigned* within, Key* grouped, int* step) {
  constexpr int Each = (RANGES + 255) / 256;
  __shared__ unsigned next[RANGES];
  letNextBegin();
  waitForInputs();
  const int row = blockIdx.y, from = threadIdx.x * Each;
  const float max = maxima[row], inverse = how[row].inverseTemperature;
  if (step && blockIdx.x == 0 && row == 0 && threadIdx.x == 0) *step += 1;
  if (verdicts[row] < 0 || inverse == 0) return;
  unsigned own[Each], sum = 0;
#pragma unroll
  for (int i = 0; i < Each; i++) {
    own[i] = from + i < RANGES ? counts[row * RANGES + from + i] : 0;
    sum += own[i];
  }
  unsigned before = sumBefore(sum);
#pragma unroll
  for (int i = 0; i < Each; i++) {
    if (own[i] > 0) next[from + i] = before + within[((long long)row * gridDim.x + blockIdx.x) * RANGES + from + i];
    before += own[i];
  }
  __syncthreads();
  const int part = (vocabulary + gridDim.x - 1) / gridDim.x, first = blockIdx.x * part, end = min(first + part, vocabulary);
  for (int i = first + threadIdx.x; i < end; i += blockDim.x) {
    const unsigned distance = distanceOf(logits[row * stride + i], max, inverse);
    if (distance != NEVER) grouped[(long long)row * vocabulary + atomicAdd(&next[distance >> RANGE_BITS], 1u)] = (Key)distance << TOKEN_BITS | i;
  }
}
