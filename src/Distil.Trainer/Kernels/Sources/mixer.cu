// Features of a linearised layer's queries and keys, and the mix of its memory and window; and the way back.
//   SIZE   of a head: a multiple of 16.   FEATURES SIZE, or 2·SIZE: softmax(u) and softmax(−u) side by side.
#include "tiles.cuh"
#include "activations.cuh"

#define WIDTH STRIDE(SIZE)
#define BLOCKS (SIZE / 8)
#define EACH ((SIZE + 31) / 32)
#define ALL_VALUES _Pragma("unroll") for (int i = 0, e = lane; i < EACH; i++, e += 32) if (e < SIZE)

// softmax(sign · u) of a row that four lanes share: its parts 2·row and 2·row + 1 of each result.
__device__ __forceinline__ void softmax(const float (&u)[BLOCKS][4], float sign, bf16* low, bool writesLow, bf16* high, bool writesHigh) {
  float top0 = -1e30f, top1 = -1e30f, sum0 = 0.f, sum1 = 0.f;
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
    top0 = fmaxf(top0, fmaxf(sign * u[j][0], sign * u[j][1])); top1 = fmaxf(top1, fmaxf(sign * u[j][2], sign * u[j][3]));
  }
  top0 = quadMax(top0); top1 = quadMax(top1);
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
    sum0 += __expf(sign * u[j][0] - top0) + __expf(sign * u[j][1] - top0); sum1 += __expf(sign * u[j][2] - top1) + __expf(sign * u[j][3] - top1);
  }
  sum0 = 1.f / quadSum(sum0); sum1 = 1.f / quadSum(sum1);
#pragma unroll
  for (int j = 0; j < BLOCKS; j++) {
    if (writesLow) *(unsigned*)(low + j * 8) = toPair(__expf(sign * u[j][0] - top0) * sum0, __expf(sign * u[j][1] - top0) * sum0);
    if (writesHigh) *(unsigned*)(high + j * 8) = toPair(__expf(sign * u[j][2] - top1) * sum1, __expf(sign * u[j][3] - top1) * sum1);
  }
}

// x: (heads, N, SIZE). weight: (heads·group, SIZE, SIZE) bf16, [in][out]. features: (heads, N, group, FEATURES). Grid (⌈N/64⌉, heads·group).
extern "C" __global__ void __launch_bounds__(TILE_THREADS) mixer_features(const bf16* x, const bf16* weight, bf16* features, long long positions, int group) {
  extern __shared__ __align__(16) unsigned char shared[];
  bf16 *X = (bf16*)shared, *W = X + TILE * WIDTH;
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, m = warp * 16, low = m + (lane >> 2), head = blockIdx.y / group;
  const long long first = (long long)blockIdx.x * TILE;
  const int rows = (int)min((long long)TILE, positions - first);
  loadTile<SIZE, WIDTH>(X, x + (head * positions + first) * SIZE, SIZE, rows);
  for (int i = threadIdx.x; i < SIZE * SIZE / 8; i += TILE_THREADS)
    *(uint4*)(W + i / (SIZE / 8) * WIDTH + i % (SIZE / 8) * 8) = ((const uint4*)(weight + (long long)blockIdx.y * SIZE * SIZE))[i];
  __syncthreads();
  float u[BLOCKS][4];
  clear(u);
#pragma unroll
  for (int d = 0; d < SIZE; d += 16) {
    unsigned a[4];
    left(a, X, WIDTH, m, d);
    addTurned<BLOCKS>(u, a, W, WIDTH, 0, d);
  }
  const long long pitch = (long long)group * FEATURES;
  bf16 *to = features + ((head * positions + first + low) * group + blockIdx.y % group) * FEATURES + (lane & 3) * 2, *under = to + 8 * pitch;
  softmax(u, 1.f, to, low < rows, under, low + 8 < rows);
  if (FEATURES > SIZE) softmax(u, -1.f, to + SIZE, low < rows, under + SIZE, low + 8 < rows);
}

// The gradient of u (rows, SIZE) from that of the features, in bf16 both: a warp a row. Grid (⌈rows/8⌉), 256 threads.
extern "C" __global__ void __launch_bounds__(256) mixer_features_backward(const bf16* features, const bf16* gradient, bf16* du, long long rows) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * 8 + (threadIdx.x >> 5);
  if (row >= rows) return;
  float d[EACH];
#pragma unroll
  for (int i = 0; i < EACH; i++) d[i] = 0.f;
#pragma unroll
  for (int part = 0; part < FEATURES / SIZE; part++) {
    const bf16 *f = features + row * FEATURES + part * SIZE, *g = gradient + row * FEATURES + part * SIZE;
    float x[EACH], y[EACH], sum = 0.f;
    ALL_VALUES { x[i] = toFloat(f[e]); y[i] = toFloat(g[e]); sum += x[i] * y[i]; }
    sum = warpSum(sum);
    ALL_VALUES d[i] += (part == 0 ? 1.f : -1.f) * x[i] * (y[i] - sum);
  }
  ALL_VALUES du[row * SIZE + e] = toBf16(d[i]);
}

// mixed = o·memory + (1 − o)·window, with memory = hM·σ(gate + bias). hM, hS: (heads, N, SIZE), null of a branch that does not count; gate: N rows, `pitch` apart, null without an
// output gate; share: (N, heads), null without a window. mixed, memory (null if not needed): (N, heads, SIZE). Grid (⌈N·heads/8⌉), 256 threads, a warp a head of a position.
extern "C" __global__ void __launch_bounds__(256) mixer_mix(
    const bf16* hM, const bf16* hS, const bf16* gate, const float* gateBias, const float* share, bf16* mixed, bf16* memory, long long positions, int heads, int pitch) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * 8 + (threadIdx.x >> 5), n = row / heads;
  if (n >= positions) return;
  const int h = row % heads;
  const long long of = (h * positions + n) * SIZE, to = row * SIZE;
  const float o = !hM ? 0.f : hS ? share[row] : 1.f;
  ALL_VALUES {
    float m = hM ? toFloat(hM[of + e]) : 0.f;
    if (hM && gate) m *= sigmoid(toFloat(gate[n * pitch + h * SIZE + e]) + gateBias[h * SIZE + e]);
    if (memory) memory[to + e] = toBf16(m);
    mixed[to + e] = toBf16(o * m + (hS ? (1.f - o) * toFloat(hS[of + e]) : 0.f));
  }
}

// dMemory: of the memory's own output, null if that was not used. dGate: as gate. dLogit: (N, heads), of the share before σ; 0 unless both branches count. delta: (heads, N), Σ dhS·hS.
// Results of a branch that does not count are not written.
extern "C" __global__ void __launch_bounds__(256) mixer_mix_backward(
    const bf16* dMixed, const bf16* dMemory, const bf16* hM, const bf16* hS, const bf16* gate, const float* gateBias, const float* share, bf16* dhM, bf16* dhS, bf16* dGate,
    float* dLogit, float* delta, long long positions, int heads, int pitch) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * 8 + (threadIdx.x >> 5), n = row / heads;
  if (n >= positions) return;
  const int h = row % heads;
  const long long of = (h * positions + n) * SIZE, to = row * SIZE;
  const float o = !hM ? 0.f : hS ? share[row] : 1.f;
  float difference = 0.f, product = 0.f;
  ALL_VALUES {
    const float d = toFloat(dMixed[to + e]), s = hS ? toFloat(hS[of + e]) : 0.f;
    float m = 0.f;
    if (hM) {
      const float raw = toFloat(hM[of + e]), g = gate ? sigmoid(toFloat(gate[n * pitch + h * SIZE + e]) + gateBias[h * SIZE + e]) : 1.f;
      const float dm = o * d + (dMemory ? toFloat(dMemory[to + e]) : 0.f);
      m = raw * g;
      dhM[of + e] = toBf16(dm * g);
      if (gate) dGate[n * pitch + h * SIZE + e] = toBf16(dm * raw * g * (1.f - g));
    }
    if (hS) {
      const bf16 ds = toBf16((1.f - o) * d);
      if (dhS) dhS[of + e] = ds;
      product += toFloat(ds) * s;
      difference += d * (m - s);
    }
  }
  if (!dLogit && !delta) return;
  difference = warpSum(difference); product = warpSum(product);
  if (lane == 0) {
    if (dLogit) dLogit[row] = hM && hS ? difference * o * (1.f - o) : 0.f;
    if (delta && hS) delta[h * positions + n] = product;
  }
}
