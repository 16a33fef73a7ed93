// The nucleus of a teacher's distribution and the sum of the other tokens at each temperature node, one block a row of logits.
// The plain twin is Nucleus.Select. SUMS is the number of exponents x at which Σ exp(x·(z − max)) is taken: the nodes first, then 1 and
// the nucleus's own where they are not nodes.
#include "logits.cuh"

#define THREADS 512
#define CAPACITY 2048
typedef unsigned long long Key;  // order of the value, then of the id: greater is likelier, or of a lower id

struct Exponents { float x[SUMS]; };

__device__ __forceinline__ unsigned ordered(float x) {
  unsigned bits = __float_as_uint(x);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}
__device__ __forceinline__ float value(Key key) {
  unsigned bits = (unsigned)(key >> 32);
  return __uint_as_float(bits >> 31 ? bits & 0x7fffffffu : ~bits);
}
__device__ __forceinline__ Key keyOf(float x, int id) { return (Key)ordered(x) << 32 | (0xffffffffu - (unsigned)id); }
__device__ __forceinline__ int idOf(Key key) { return (int)(0xffffffffu - (unsigned)key); }

// Sorts size (a power of two) keys, greatest first. Ends with the block in step.
template <class K>
__device__ __forceinline__ void sortFalling(K* keys, int size) {
  for (int run = 2; run <= size; run <<= 1) {
    for (int gap = run >> 1; gap > 0; gap >>= 1) {
      __syncthreads();
      for (int i = threadIdx.x; i < size; i += THREADS) {
        int other = i ^ gap;
        if (other > i && (keys[i] < keys[other]) == ((i & run) == 0)) {
          K kept = keys[i];
          keys[i] = keys[other];
          keys[other] = kept;
        }
      }
    }
  }
  __syncthreads();
}

// The key of rank most in the whole row, digit by digit: for rows with more ties than fit in shared memory, and for large nuclei.
template <class T>
__device__ __forceinline__ Key exactBound(const T* z, int vocabulary, int most) {
  __shared__ int counts[256];
  __shared__ int chosen, before;
  Key prefix = 0;
  int rank = most;
  for (int shift = 56; shift >= 0; shift -= 8) {
    for (int i = threadIdx.x; i < 256; i += THREADS) counts[i] = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < vocabulary; i += THREADS) {
      Key key = keyOf(load(z, i), i);
      if (shift == 56 || key >> (shift + 8) == prefix) atomicAdd(&counts[(int)(key >> shift) & 255], 1);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      int sum = 0, digit = 255;
      while (digit > 0 && sum + counts[digit] < rank) sum += counts[digit--];
      chosen = digit;
      before = sum;
    }
    __syncthreads();
    prefix = prefix << 8 | (Key)chosen;
    rank -= before;
    __syncthreads();
  }
  return prefix;
}

// Each of the sums over the whole block. The array's indices are constants here and in the hot loop: it stays in registers.
__device__ __forceinline__ void sumOverWarps(const float (&sums)[SUMS], float* total) {
  __shared__ float parts[SUMS][THREADS / 32];
#pragma unroll
  for (int s = 0; s < SUMS; s++) {
    float sum = warpSum(sums[s]);
    if ((threadIdx.x & 31) == 0) parts[s][threadIdx.x >> 5] = sum;
  }
  __syncthreads();
  if (threadIdx.x < SUMS) {
    float sum = 0.f;
    for (int w = 0; w < THREADS / 32; w++) sum += parts[threadIdx.x][w];
    total[threadIdx.x] = sum;
  }
  __syncthreads();
}

template <class T>
__device__ __forceinline__ void extract(
    const T* logits, long long stride, int vocabulary, int most, float topP, int nodes, int plainAt, int nucleusAt, const Exponents& at,
    long long* ids, float* logProbabilities, float* tails) {
  constexpr int N = Wide<T>::Count;
  __shared__ Key keys[CAPACITY];
  __shared__ unsigned maxima[THREADS];
  __shared__ int found, kept;
  __shared__ float warps[THREADS / 32], exponents[SUMS], rest[SUMS], whole[SUMS];
  const int t = threadIdx.x, vectors = (vocabulary + N - 1) / N;
  const long long row = blockIdx.x;
  const T* z = logits + row * stride;
  const uint4* wide = (const uint4*)z;

  float own = NONE;
  for (int first = t; first < vectors; first += 4 * THREADS) {
    uint4 ahead[4];
#pragma unroll
    for (int j = 0; j < 4; j++) if (first + j * THREADS < vectors) ahead[j] = wide[first + j * THREADS];
#pragma unroll
    for (int j = 0; j < 4; j++) {
      if (first + j * THREADS >= vectors) break;
      float x[N];
      unpackRow(ahead[j], first + j * THREADS, vocabulary, x);
#pragma unroll
      for (int k = 0; k < N; k++) own = fmaxf(own, x[k]);
    }
  }
  const float max = maxOverBlock(own);

  // The most-th largest of the threads' own maxima is passed by at least so many tokens of the row, and by few more.
  Key bound;
  if (most <= THREADS / 2) {
    maxima[t] = ordered(own);
    sortFalling(maxima, THREADS);
    bound = (Key)maxima[most - 1] << 32;
  } else {
    bound = exactBound(z, vocabulary, most);
  }

  float sums[SUMS], exponent[SUMS], shift[SUMS];
#pragma unroll
  for (int s = 0; s < SUMS; s++) {
    exponent[s] = at.x[s] * LOG2E;
    shift[s] = max * exponent[s];
    if (t == s) exponents[s] = exponent[s];
  }
  for (int attempt = 0;; attempt++) {
    const float least = value(bound);
    if (t == 0) found = 0;
    __syncthreads();
#pragma unroll
    for (int s = 0; s < SUMS; s++) sums[s] = 0.f;
    uint4 ahead = t < vectors ? wide[t] : make_uint4(0, 0, 0, 0);
    for (int i = t; i < vectors; i += THREADS) {
      float x[N];
      unpackRow(ahead, i, vocabulary, x);
      if (i + THREADS < vectors) ahead = wide[i + THREADS];
#pragma unroll
      for (int k = 0; k < N; k++) {
        int id = i * N + k;
        if (x[k] >= least && id < vocabulary && keyOf(x[k], id) >= bound) {
          int slot = atomicAdd(&found, 1);
          if (slot < CAPACITY) keys[slot] = keyOf(x[k], id);
          x[k] = NONE;
        }
#pragma unroll
        for (int s = 0; s < SUMS; s++) sums[s] += exp2Fast(x[k] * exponent[s] - shift[s]);
      }
    }
    __syncthreads();
    if (found <= CAPACITY || attempt > 0) break;
    bound = exactBound(z, vocabulary, most);
  }

  const int candidates = found;
  int size = 2;
  while (size < candidates) size <<= 1;
  for (int i = candidates + t; i < size; i += THREADS) keys[i] = 0;
  sortFalling(keys, size);

  // A warp an exponent for what the candidates add.
  const int warp = t >> 5, lane = t & 31;
  sumOverWarps(sums, rest);
  if (warp < SUMS) {
    float sum = 0.f;
    for (int i = lane; i < candidates; i += 32) sum += exp2Fast((value(keys[i]) - max) * exponents[warp]);
    sum = warpSum(sum);
    if (lane == 0) whole[warp] = rest[warp] + sum;
  }
  __syncthreads();
  const float plain = whole[plainAt], nucleus = whole[nucleusAt], x = exponents[nucleusAt];

  // A token is kept while those before it hold less than topP; the first always is. Ranks run over the block in strides of THREADS.
  if (t == 0) kept = most < candidates ? most : candidates;
  float before = 0.f;
  for (int first = 0; first < most && topP < 1.f; first += THREADS) {
    int i = first + t;
    float mass = i < most && i < candidates ? exp2Fast((value(keys[i]) - max) * x) / nucleus : 0.f, sum = warpScan<false>(mass);
    __syncthreads();
    if (lane == 31) warps[warp] = sum;
    __syncthreads();
    float through = before;
    for (int w = 0; w < THREADS / 32; w++) {
      if (w == warp) sum += through;
      through += warps[w];
    }
    before = through;
    if (i > 0 && i < most && sum - mass >= topP) atomicMin(&kept, i);
  }
  __syncthreads();
  const int used = kept;

  const float logPlain = logf(plain);
  for (int i = t; i < most; i += THREADS) {
    ids[row * most + i] = idOf(keys[i < used ? i : 0]);
    logProbabilities[row * most + i] = i < used ? value(keys[i]) - max - logPlain : NONE;
  }
  if (warp < nodes) {
    float sum = 0.f;
    for (int i = used + lane; i < candidates; i += 32) sum += exp2Fast((value(keys[i]) - max) * exponents[warp]);
    sum = rest[warp] + warpSum(sum);
    if (lane == 0) tails[row * nodes + warp] = sum > 0.f ? logf(sum) - exponents[warp] / LOG2E * logPlain : NONE;
  }
}

#define PARAMETERS(T) \
  const T* logits, long long stride, int vocabulary, int most, float topP, int nodes, int plainAt, int nucleusAt, \
  long long* ids, float* logProbabilities, float* tails, \
  float x0, float x1, float x2, float x3, float x4, float x5, float x6, float x7, float x8, float x9, float x10, float x11
#define BODY \
  const float given[12] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11}; \
  Exponents at; \
  _Pragma("unroll") for (int s = 0; s < SUMS; s++) at.x[s] = given[s]; \
  extract(logits, stride, vocabulary, most, topP, nodes, plainAt, nucleusAt, at, ids, logProbabilities, tails);

extern "C" __global__ void __launch_bounds__(THREADS) extraction_bf16(PARAMETERS(bf16)) { BODY }
extern "C" __global__ void __launch_bounds__(THREADS) extraction_float(PARAMETERS(float)) { BODY }
