// Features of a linearised layer's queries and keys, and the mix of its memory and window; and the backward pass.
//   SIZE   of a head: a multiple of 32.   FEATURES SIZE, or 2·SIZE: softmax(u) and softmax(−u) side by side.
#include "tiles.cuh"
#include "lanes.cuh"
#include "activations.cuh"

#define WIDTH STRIDE(SIZE)
#define BLOCKS (SIZE / 8)

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
    take(f, lane, x);
    take(g, lane, y);
    ALL_VALUES sum += x[i] * y[i];
    sum = warpSum(sum);
    ALL_VALUES d[i] += (part == 0 ? 1.f : -1.f) * x[i] * (y[i] - sum);
  }
  give(du + row * SIZE, lane, d);
}

// The memory's part of a row: raw, and times its gate.
struct Memory { float raw[EACH], gate[EACH]; };

__device__ __forceinline__ Memory memoryOf(const bf16* h, const bf16* gate, const float* bias, int lane) {
  Memory m;
  take(h, lane, m.raw);
  ALL_VALUES m.gate[i] = 1.f;
  if (gate) {
    float g[EACH], b[EACH];
    take(gate, lane, g);
    take(bias, lane, b);
    ALL_VALUES m.gate[i] = sigmoid(g[i] + b[i]);
  }
  return m;
}

// mixed = o·memory + (1 − o)·window, with memory = hM·σ(gate + bias). hM, hS: (heads, N, SIZE), null of a branch that does not count; gate: N rows, `pitch` apart, null without an
// output gate; share: (N, heads), null without a window. mixed, memory (null if not needed): (N, heads, SIZE). Grid (⌈N·heads/8⌉), 256 threads, a warp a head of a position.
extern "C" __global__ void __launch_bounds__(256) mixer_mix(
    const bf16* hM, const bf16* hS, const bf16* gate, const float* gateBias, const float* share, bf16* mixed, bf16* memory, long long positions, int heads, int pitch) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * 8 + (threadIdx.x >> 5), n = row / heads;
  if (n >= positions) return;
  const int h = row % heads;
  const long long of = (h * positions + n) * SIZE;
  float y[EACH];
  ALL_VALUES y[i] = 0.f;
  if (hM) {
    const Memory m = memoryOf(hM + of, gate ? gate + n * pitch + h * SIZE : 0, gateBias + h * SIZE, lane);
    ALL_VALUES y[i] = m.raw[i] * m.gate[i];
    if (memory) give(memory + row * SIZE, lane, y);
  }
  if (hS) {
    const float o = hM ? share[row] : 0.f;
    float s[EACH];
    take(hS + of, lane, s);
    ALL_VALUES y[i] = o * y[i] + (1.f - o) * s[i];
  }
  give(mixed + row * SIZE, lane, y);
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
  const long long of = (h * positions + n) * SIZE;
  const float o = !hM ? 0.f : hS ? share[row] : 1.f;
  float d[EACH], y[EACH], difference = 0.f, product = 0.f;
  take(dMixed + row * SIZE, lane, d);
  ALL_VALUES y[i] = 0.f;
  if (hM) {
    const Memory m = memoryOf(hM + of, gate ? gate + n * pitch + h * SIZE : 0, gateBias + h * SIZE, lane);
    float own[EACH], ofRaw[EACH], ofGate[EACH];
    ALL_VALUES own[i] = 0.f;
    if (dMemory) take(dMemory + row * SIZE, lane, own);
    ALL_VALUES {
      own[i] += o * d[i];
      y[i] = m.raw[i] * m.gate[i];
      ofRaw[i] = own[i] * m.gate[i];
      ofGate[i] = own[i] * y[i] * (1.f - m.gate[i]);
    }
    give(dhM + of, lane, ofRaw);
    if (gate) give(dGate + n * pitch + h * SIZE, lane, ofGate);
  }
  if (hS) {
    float s[EACH], ofWindow[EACH];
    take(hS + of, lane, s);
    ALL_VALUES {
      ofWindow[i] = toFloat(toBf16((1.f - o) * d[i]));
      product += ofWindow[i] * s[i];
      difference += d[i] * (y[i] - s[i]);
    }
    if (dhS) give(dhS + of, lane, ofWindow);
  }
  if (!dLogit && !delta) return;
  difference = warpSum(difference); product = warpSum(product);
  if (lane == 0) {
    if (dLogit) dLogit[row] = hM && hS ? difference * o * (1.f - o) : 0.f;
    if (delta && hS) delta[h * positions + n] = product;
  }
}

// Alignment with a teacher's attention h: real·scale·((mixed − h)² + λ·(memory − h)²) summed over the blocks' rows, and the gradients of mixed and memory (null without a window).
// All (N, heads, SIZE); real: (N) float, null if all positions are. partial: (gridDim.x). Any grid, 256 threads.
extern "C" __global__ void __launch_bounds__(256) mixer_align(
    const bf16* mixed, const bf16* memory, const bf16* h, const float* real, bf16* dMixed, bf16* dMemory, float* partial, long long positions, int heads, float scale, float lambda) {
  __shared__ float sums[8];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  float sum = 0.f;
  for (long long row = (long long)blockIdx.x * 8 + warp; row < positions * heads; row += (long long)gridDim.x * 8) {
    const float weight = real ? scale * real[row / heads] : scale;
    float wanted[EACH], d[EACH], m[EACH];
    take(h + row * SIZE, lane, wanted);
    take(mixed + row * SIZE, lane, d);
    ALL_VALUES m[i] = wanted[i];
    if (memory) take(memory + row * SIZE, lane, m);
    ALL_VALUES {
      d[i] -= wanted[i]; m[i] -= wanted[i];
      sum += weight * (d[i] * d[i] + lambda * m[i] * m[i]);
      d[i] *= 2.f * weight; m[i] *= 2.f * weight * lambda;
    }
    give(dMixed + row * SIZE, lane, d);
    if (memory) give(dMemory + row * SIZE, lane, m);
  }
  sum = warpSum(sum);
  if (lane == 0) sums[warp] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0.f;
    for (int w = 0; w < 8; w++) total += sums[w];
    partial[blockIdx.x] = total;
  }
}
