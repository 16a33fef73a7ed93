// Softmax attention of each position over the WINDOW positions up to its own and over the first `sinks` of the text (FlashAttention-2, arXiv 2307.08691, over a band).
//   SIZE   of a head: a multiple of 16.   GROUP query heads share a head of keys and values.
// q, y, dy: (H, B, S, SIZE). k, v: (H/GROUP, B, S, SIZE). lse, delta: (H, B, S) float, log Σ exp of a position's scores, and Σ dy·y.
#include "tiles.cuh"

#define WIDTH STRIDE(SIZE)
#define BLOCKS (SIZE / 8)
#define KEEPS (SIZE <= 64)                  // whether a warp keeps its own rows in registers while it goes through the backward passes' tiles
#define KEPT (KEEPS ? SIZE / 16 : 1)
#define LOG2E 1.4426950408889634f
#define NONE -1e30f

__device__ __forceinline__ float power2(float x) { float y; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }

// Which tiles of keys a tile of queries sees, in order: those with sinks, then the band.
struct Band {
  int window, sinks, early, low, count;
  __device__ Band(int tile, int window, int sinks) : window(window), sinks(sinks) {
    low = max(0LL, (long long)tile * TILE - window + 1) / TILE;
    early = min((sinks + TILE - 1) / TILE, low);
    count = early + tile - low + 1;
  }
  __device__ int tile(int i) const { return i < early ? i : low + i - early; }
  __device__ bool sees(int t, int s) const { return s <= t && (s > t - window || s < sinks); }
  // Whether all queries of a tile see all keys of another.
  __device__ bool whole(int queries, int keys) const { return keys < queries && (queries * TILE + TILE - 1 - window < keys * TILE || keys * TILE + TILE <= sinks); }
};

// scale: 1/√SIZE · log₂e. Grid (tiles, H·B); long rows of tiles first.
extern "C" __global__ void __launch_bounds__(TILE_THREADS) window_forward(
    const bf16* q, const bf16* k, const bf16* v, bf16* y, float* lse, int batches, int length, int window, int sinks, float scale) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16* Q = (bf16*)shared;
  const int tile = gridDim.x - 1 - blockIdx.x, head = blockIdx.y / batches, batch = blockIdx.y % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int m = warp * 16, low = m + (lane >> 2), column = (lane & 3) * 2, first = tile * TILE, rows = min(TILE, length - first);
  const long long at = (long long)blockIdx.y * length, of = ((long long)(head / GROUP) * batches + batch) * length;
  const Band band(tile, window, sinks);
  auto K = [&](int i) { return Q + TILE * WIDTH * (1 + 2 * (i & 1)); };
  auto fetch = [&](int i) {
    const int s = band.tile(i) * TILE, count = min(TILE, length - s);
    fetchTile<SIZE, WIDTH>(K(i), k + (of + s) * SIZE, SIZE, count);
    fetchTile<SIZE, WIDTH>(K(i) + TILE * WIDTH, v + (of + s) * SIZE, SIZE, count);
    commitCopies();
  };
  fetchTile<SIZE, WIDTH>(Q, q + (at + first) * SIZE, SIZE, rows);
  fetch(0);
  unsigned own[SIZE / 16][4];  // the queries, once for all tiles
  float r[BLOCKS][4], top0 = NONE, top1 = NONE, sum0 = 0.f, sum1 = 0.f;
  clear(r);
  for (int i = 0; i < band.count; i++) {
    awaitCopies<0>();
    __syncthreads();
    if (i + 1 < band.count) fetch(i + 1);
    const int keys = band.tile(i), t = first + low;
    const bf16 *k0 = K(i), *v0 = k0 + TILE * WIDTH;
    float p[TILE / 8][4];
    clear(p);
#pragma unroll
    for (int d = 0; d < SIZE / 16; d++) {
      if (i == 0) left(own[d], Q, WIDTH, m, d * 16);
      add<TILE / 8>(p, own[d], k0, WIDTH, 0, d * 16);
    }
    const bool whole = band.whole(tile, keys);
    float high0 = top0, high1 = top1;
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
      const int s = keys * TILE + j * 8 + column;
#pragma unroll
      for (int e = 0; e < 4; e++) p[j][e] = whole || band.sees(e < 2 ? t : t + 8, s + (e & 1)) ? p[j][e] * scale : NONE;
      high0 = fmaxf(high0, fmaxf(p[j][0], p[j][1])); high1 = fmaxf(high1, fmaxf(p[j][2], p[j][3]));
    }
    high0 = quadMax(high0); high1 = quadMax(high1);
    const float keep0 = power2(top0 - high0), keep1 = power2(top1 - high1);
    top0 = high0; top1 = high1; sum0 *= keep0; sum1 *= keep1;
#pragma unroll
    for (int j = 0; j < BLOCKS; j++) { r[j][0] *= keep0; r[j][1] *= keep0; r[j][2] *= keep1; r[j][3] *= keep1; }
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
      // a row may see nothing of a tile: then its maximum may still be that of nothing
      p[j][0] = p[j][0] > NONE ? power2(p[j][0] - high0) : 0.f; p[j][1] = p[j][1] > NONE ? power2(p[j][1] - high0) : 0.f;
      p[j][2] = p[j][2] > NONE ? power2(p[j][2] - high1) : 0.f; p[j][3] = p[j][3] > NONE ? power2(p[j][3] - high1) : 0.f;
      sum0 += p[j][0] + p[j][1]; sum1 += p[j][2] + p[j][3];
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      unsigned x[4];
      asLeft(x, p[2 * k16], p[2 * k16 + 1]);
      addTurned<BLOCKS>(r, x, v0, WIDTH, 0, k16 * 16);
    }
  }
  sum0 = quadSum(sum0); sum1 = quadSum(sum1);
  const float o0 = 1.f / sum0, o1 = 1.f / sum1;
  bf16* to = y + (at + first + low) * SIZE + column;
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
    if (low < rows) *(unsigned*)(to + j * 8) = toPair(r[j][0] * o0, r[j][1] * o0);
    if (low + 8 < rows) *(unsigned*)(to + 8 * SIZE + j * 8) = toPair(r[j][2] * o1, r[j][3] * o1);
  }
  if (lse && (lane & 3) == 0) {
    if (low < rows) lse[at + first + low] = (top0 + log2f(sum0)) / LOG2E;
    if (low + 8 < rows) lse[at + first + low + 8] = (top1 + log2f(sum1)) / LOG2E;
  }
}

// Gradient of q. Grid as forward.
extern "C" __global__ void __launch_bounds__(TILE_THREADS) window_backward_query(
    const bf16* q, const bf16* k, const bf16* v, const bf16* dy, const float* lse, const float* delta, bf16* dq, int batches, int length, int window, int sinks, float scale) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *Q = (bf16*)shared, *G = Q + TILE * WIDTH;
  const int tile = gridDim.x - 1 - blockIdx.x, head = blockIdx.y / batches, batch = blockIdx.y % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int m = warp * 16, low = m + (lane >> 2), column = (lane & 3) * 2, first = tile * TILE, rows = min(TILE, length - first);
  const long long at = (long long)blockIdx.y * length, of = ((long long)(head / GROUP) * batches + batch) * length;
  const Band band(tile, window, sinks);
  auto K = [&](int i) { return Q + TILE * WIDTH * (2 + 2 * (i & 1)); };
  auto fetch = [&](int i) {
    const int s = band.tile(i) * TILE, count = min(TILE, length - s);
    fetchTile<SIZE, WIDTH>(K(i), k + (of + s) * SIZE, SIZE, count);
    fetchTile<SIZE, WIDTH>(K(i) + TILE * WIDTH, v + (of + s) * SIZE, SIZE, count);
    commitCopies();
  };
  fetchTile<SIZE, WIDTH>(Q, q + (at + first) * SIZE, SIZE, rows);
  fetchTile<SIZE, WIDTH>(G, dy + (at + first) * SIZE, SIZE, rows);
  fetch(0);
  const float l0 = low < rows ? lse[at + first + low] * LOG2E : 0.f, l1 = low + 8 < rows ? lse[at + first + low + 8] * LOG2E : 0.f;
  const float d0 = low < rows ? delta[at + first + low] : 0.f, d1 = low + 8 < rows ? delta[at + first + low + 8] : 0.f;
  unsigned ofQ[KEPT][4], ofG[KEPT][4];
  float r[BLOCKS][4];
  clear(r);
  for (int i = 0; i < band.count; i++) {
    awaitCopies<0>();
    __syncthreads();
    if (i + 1 < band.count) fetch(i + 1);
    const int keys = band.tile(i), t = first + low;
    const bf16 *k0 = K(i), *v0 = k0 + TILE * WIDTH;
    float p[TILE / 8][4], g[TILE / 8][4];
    clear(p); clear(g);
#pragma unroll
    for (int d = 0; d < SIZE / 16; d++) {
      if (i == 0 || !KEEPS) { left(ofQ[KEEPS ? d : 0], Q, WIDTH, m, d * 16); left(ofG[KEEPS ? d : 0], G, WIDTH, m, d * 16); }
      add<TILE / 8>(p, ofQ[KEEPS ? d : 0], k0, WIDTH, 0, d * 16);
      add<TILE / 8>(g, ofG[KEEPS ? d : 0], v0, WIDTH, 0, d * 16);
    }
    const bool whole = band.whole(tile, keys);
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
      const int s = keys * TILE + j * 8 + column;
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const bool seen = whole || band.sees(e < 2 ? t : t + 8, s + (e & 1));
        p[j][e] = seen ? power2(p[j][e] * scale - (e < 2 ? l0 : l1)) * (g[j][e] - (e < 2 ? d0 : d1)) : 0.f;
      }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      unsigned x[4];
      asLeft(x, p[2 * k16], p[2 * k16 + 1]);
      addTurned<BLOCKS>(r, x, k0, WIDTH, 0, k16 * 16);
    }
  }
  const float by = scale / LOG2E;
  bf16* to = dq + (at + first + low) * SIZE + column;
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
    if (low < rows) *(unsigned*)(to + j * 8) = toPair(r[j][0] * by, r[j][1] * by);
    if (low + 8 < rows) *(unsigned*)(to + 8 * SIZE + j * 8) = toPair(r[j][2] * by, r[j][3] * by);
  }
}

// The last tile of queries whose windows reach into a tile of keys.
__device__ __forceinline__ int lastOf(int keys, int window, int end) { return (int)min((long long)end, ((long long)keys * TILE + TILE + window - 2) / TILE); }

// Gradients of k and v within the band, over all query heads that share them. Grid (H/GROUP·B, tiles).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) window_backward_key(
    const bf16* q, const bf16* k, const bf16* v, const bf16* dy, const float* lse, const float* delta, bf16* dk, bf16* dv, int batches, int length, int window, int sinks, float scale) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *K = (bf16*)shared, *V = K + TILE * WIDTH;
  __shared__ float l[2][TILE], D[2][TILE];
  const int keys = blockIdx.y, shares = blockIdx.x / batches, batch = blockIdx.x % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int m = warp * 16, low = m + (lane >> 2), column = (lane & 3) * 2, first = keys * TILE, rows = min(TILE, length - first);
  const long long of = (long long)blockIdx.x * length + first;
  const Band band(keys, window, sinks);
  const int end = gridDim.y - 1, last = lastOf(keys, window, end), each = last - keys + 1;
  auto Q = [&](int i) { return K + TILE * WIDTH * (2 + 2 * (i & 1)); };
  auto fetch = [&](int i) {
    const int t = (keys + i % each) * TILE, count = min(TILE, length - t);
    const long long at = ((long long)(shares * GROUP + i / each) * batches + batch) * length + t;
    fetchTile<SIZE, WIDTH>(Q(i), q + at * SIZE, SIZE, count);
    fetchTile<SIZE, WIDTH>(Q(i) + TILE * WIDTH, dy + at * SIZE, SIZE, count);
    if (threadIdx.x < TILE) {
      // a position past the end gets no weight
      l[i & 1][threadIdx.x] = (int)threadIdx.x < count ? lse[at + threadIdx.x] * LOG2E : -NONE;
      D[i & 1][threadIdx.x] = (int)threadIdx.x < count ? delta[at + threadIdx.x] : 0.f;
    }
    commitCopies();
  };
  fetchTile<SIZE, WIDTH>(K, k + of * SIZE, SIZE, rows);
  fetchTile<SIZE, WIDTH>(V, v + of * SIZE, SIZE, rows);
  fetch(0);
  unsigned ofK[KEPT][4], ofV[KEPT][4];
  float x[BLOCKS][4], y[BLOCKS][4];
  clear(x); clear(y);
  for (int i = 0; i < GROUP * each; i++) {
    awaitCopies<0>();
    __syncthreads();
    if (i + 1 < GROUP * each) fetch(i + 1);
    const int queries = keys + i % each;
    const bf16 *q0 = Q(i), *g0 = q0 + TILE * WIDTH;
    const float *l0 = l[i & 1], *d0 = D[i & 1];
    float p[TILE / 8][4], g[TILE / 8][4];
    clear(p); clear(g);
#pragma unroll
    for (int d = 0; d < SIZE / 16; d++) {
      if (i == 0 || !KEEPS) { left(ofK[KEEPS ? d : 0], K, WIDTH, m, d * 16); left(ofV[KEEPS ? d : 0], V, WIDTH, m, d * 16); }
      add<TILE / 8>(p, ofK[KEEPS ? d : 0], q0, WIDTH, 0, d * 16);
      add<TILE / 8>(g, ofV[KEEPS ? d : 0], g0, WIDTH, 0, d * 16);
    }
    const bool whole = band.whole(queries, keys);
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const int t = j * 8 + column + (e & 1), s = first + (e < 2 ? low : low + 8);
        p[j][e] = whole || band.sees(queries * TILE + t, s) ? power2(p[j][e] * scale - l0[t]) : 0.f;
        g[j][e] = p[j][e] * (g[j][e] - d0[t]);
      }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      unsigned a[4];
      asLeft(a, p[2 * k16], p[2 * k16 + 1]);
      addTurned<BLOCKS>(y, a, g0, WIDTH, 0, k16 * 16);
      asLeft(a, g[2 * k16], g[2 * k16 + 1]);
      addTurned<BLOCKS>(x, a, q0, WIDTH, 0, k16 * 16);
    }
  }
  const float by = scale / LOG2E;
  const long long to = (of + low) * SIZE + column;
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
    if (low < rows) { *(unsigned*)(dk + to + j * 8) = toPair(x[j][0] * by, x[j][1] * by); *(unsigned*)(dv + to + j * 8) = toPair(y[j][0], y[j][1]); }
    if (low + 8 < rows) {
      *(unsigned*)(dk + to + 8 * SIZE + j * 8) = toPair(x[j][2] * by, x[j][3] * by);
      *(unsigned*)(dv + to + 8 * SIZE + j * 8) = toPair(y[j][2], y[j][3]);
    }
  }
}

// What sinks get from queries beyond the band: partial (GROUP, H/GROUP·B, 16·gridDim.z, 2, SIZE) float, of k and v. A block takes 16 sinks for one query head, each of its warps every fourth tile
// of queries. Grid (H/GROUP·B, GROUP, ⌈sinks/16⌉).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) window_backward_sinks(
    const bf16* q, const bf16* k, const bf16* v, const bf16* dy, const float* lse, const float* delta, float* partial, int batches, int length, int window, int sinks, float scale) {
  extern __shared__ __align__(16) unsigned char shared[];
  const int shares = blockIdx.x / batches, batch = blockIdx.x % batches, warp = threadIdx.x >> 5, lane = threadIdx.x & 31, first = blockIdx.z * 16, keys = first / TILE;
  const int low = first + (lane >> 2), column = (lane & 3) * 2, end = (length - 1) / TILE;
  bf16 *K = (bf16*)shared, *V = K + 16 * WIDTH, *Q = V + 16 * WIDTH + warp * 2 * TILE * WIDTH, *G = Q + TILE * WIDTH;
  const long long of = (long long)blockIdx.x * length, at = ((long long)(shares * GROUP + blockIdx.y) * batches + batch) * length;
  for (int i = threadIdx.x; i < 16 * SIZE / 8; i += TILE_THREADS) {
    const int r = i / (SIZE / 8), c = i % (SIZE / 8) * 8;
    const bool real = first + r < length;
    *(uint4*)(K + r * WIDTH + c) = real ? *(const uint4*)(k + (of + first + r) * SIZE + c) : make_uint4(0, 0, 0, 0);
    *(uint4*)(V + r * WIDTH + c) = real ? *(const uint4*)(v + (of + first + r) * SIZE + c) : make_uint4(0, 0, 0, 0);
  }
  __syncthreads();
  float x[BLOCKS][4], y[BLOCKS][4];
  clear(x); clear(y);
  for (int tile = lastOf(keys, window, end) + 1 + warp; tile <= end; tile += TILE_WARPS) {
    const int t0 = tile * TILE, count = min(TILE, length - t0);
    __syncwarp();
    for (int i = lane; i < TILE * SIZE / 8; i += 32) {
      const int r = i / (SIZE / 8), c = i % (SIZE / 8) * 8;
      const bool real = r < count;
      *(uint4*)(Q + r * WIDTH + c) = real ? *(const uint4*)(q + (at + t0 + r) * SIZE + c) : make_uint4(0, 0, 0, 0);
      *(uint4*)(G + r * WIDTH + c) = real ? *(const uint4*)(dy + (at + t0 + r) * SIZE + c) : make_uint4(0, 0, 0, 0);
    }
    __syncwarp();
    float p[TILE / 8][4], g[TILE / 8][4];
    clear(p); clear(g);
#pragma unroll
    for (int d = 0; d < SIZE; d += 16) {
      unsigned a[4];
      left(a, K, WIDTH, 0, d);
      add<TILE / 8>(p, a, Q, WIDTH, 0, d);
      left(a, V, WIDTH, 0, d);
      add<TILE / 8>(g, a, G, WIDTH, 0, d);
    }
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const int r = j * 8 + column + (e & 1), s = e < 2 ? low : low + 8;
        const bool seen = s < sinks && r < count;  // all are before the windows
        p[j][e] = seen ? power2(p[j][e] * scale - lse[at + t0 + r] * LOG2E) : 0.f;
        g[j][e] = seen ? p[j][e] * (g[j][e] - delta[at + t0 + r]) : 0.f;
      }
    }
#pragma unroll
    for (int k16 = 0; k16 < TILE / 16; k16++) {
      unsigned a[4];
      asLeft(a, p[2 * k16], p[2 * k16 + 1]);
      addTurned<BLOCKS>(y, a, G, WIDTH, 0, k16 * 16);
      asLeft(a, g[2 * k16], g[2 * k16 + 1]);
      addTurned<BLOCKS>(x, a, Q, WIDTH, 0, k16 * 16);
    }
  }
  __syncthreads();
  float* sums = (float*)(shared) + warp * 2 * 16 * SIZE;  // over what the warps have read
  const float by = scale / LOG2E;
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
#pragma unroll
    for (int e = 0; e < 4; e++) {
      const int r = (lane >> 2) + (e < 2 ? 0 : 8), c = j * 8 + column + (e & 1);
      sums[(r * 2) * SIZE + c] = x[j][e] * by; sums[(r * 2 + 1) * SIZE + c] = y[j][e];
    }
  }
  __syncthreads();
  float* to = partial + (((long long)blockIdx.y * gridDim.x + blockIdx.x) * gridDim.z + blockIdx.z) * 2 * 16 * SIZE;
  for (int i = threadIdx.x; i < 2 * 16 * SIZE; i += TILE_THREADS) {
    float total = 0.f;
#pragma unroll
    for (int w = 0; w < TILE_WARPS; w++) total += ((float*)shared)[w * 2 * 16 * SIZE + i];
    to[i] = total;
  }
}
