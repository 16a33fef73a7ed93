// Softmax attention of each position over the `window` positions up to its own and over the first `sinks` of the text (FlashAttention-2, arXiv 2307.08691, over a band).
//   SIZE   of a head: a multiple of 16.   GROUP query heads share a head of keys and values.
// q, y, dy: (H, B, S, SIZE). k, v: (H/GROUP, B, S, SIZE). lse, delta: (H, B, S) float, log Σ exp of a position's scores, and Σ dy·y.
#include "tiles.cuh"
#include "activations.cuh"

#define WIDTH STRIDE(SIZE)
#define BLOCKS (SIZE / 8)
#define KEEPS (SIZE <= 64)                  // whether a warp keeps its own rows in registers while it goes through the backward passes' tiles
#define KEPT (KEEPS ? SIZE / 16 : 1)
#define NONE -1e30f

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
    const float keep0 = exp2Fast(top0 - high0), keep1 = exp2Fast(top1 - high1);
    top0 = high0; top1 = high1; sum0 *= keep0; sum1 *= keep1;
#pragma unroll
    for (int j = 0; j < BLOCKS; j++) { r[j][0] *= keep0; r[j][1] *= keep0; r[j][2] *= keep1; r[j][3] *= keep1; }
#pragma unroll
    for (int j = 0; j < TILE / 8; j++) {
      // a row may see nothing of a tile: then its maximum may still be that of nothing
      p[j][0] = p[j][0] > NONE ? exp2Fast(p[j][0] - high0) : 0.f; p[j][1] = p[j][1] > NONE ? exp2Fast(p[j][1] - high0) : 0.f;
      p[j][2] = p[j][2] > NONE ? exp2Fast(p[j][2] - high1) : 0.f; p[j][3] = p[j][3] > NONE ? exp2Fast(p[j][3] - high1) : 0.f;
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

#include "window_backward.cuh"
#include "window_sinks.cuh"
