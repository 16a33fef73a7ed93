// Attention of one query over positions that are in memory: those of a window, or all.
#pragma once
#include "mixer.cuh"

// A part of the positions that each query head sees: sums weighted by exp(score − max). Any number of parts gives the same attention.
// partial: (rows, heads, parts, size + 2): Σ weight·value, then max and Σ weight. Grid (heads, parts, rows), 128 threads; N: size ≤ 32·N.
template <int N>
__device__ __forceinline__ void attend(const Mixer p, float* const* states, float* const* const* caches, int steps, const int* positions, const float* rotated, float* partial) {
  constexpr int Warps = 4, Ahead = 4;
  __shared__ float sums[Warps][32 * N], maxima[Warps], weights[Warps];
  const int heads = (int)p.heads, size = (int)p.size, head = blockIdx.x, b = blockIdx.z, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int all = (int)p.shared, shared = head / (heads / all), slots = (int)p.slots, sinks = (int)p.sinks;
  letNextBegin();
  waitForInputs();
  const int position = positions[b], begin = slots ? max(0, position - (int)p.window + 1) : 0, early = slots ? min(sinks, begin) : 0;
  const int count = early + position - begin + 1, length = (count + gridDim.y - 1) / gridDim.y, first = blockIdx.y * length, end = min(count, first + length);
  const float* ring = states[b / steps] + p.ring;
  float* const* pages = caches ? caches[b / steps] : nullptr;
  float q[N], max = -__int_as_float(0x7f800000), total = 0, sum[N] = {};
#pragma unroll
  for (int j = 0; j < N; j++) q[j] = lane + 32 * j < size ? rotated[((long long)b * (heads + all) + head) * size + lane + 32 * j] / sqrtf((float)size) : 0;
  for (int from = first + warp; from < end; from += Warps * Ahead) {
    float k[Ahead][N], v[Ahead][N], score[Ahead], most = max;
#pragma unroll
    for (int i = 0; i < Ahead; i++) {
      const int at = from + Warps * i, s = at < early ? at : begin + at - early;
      if (at >= end) continue;
      const float* key = !slots ? pages[s / PAGE] + s % PAGE * p.recordLength + p.record + shared * size
          : at < early ? ring + (2 * all * slots + shared * sinks + s) * size : ring + (shared * slots + s % slots) * size;
      const float* value = key + all * (!slots ? 1 : at < early ? sinks : slots) * size;
#pragma unroll
      for (int j = 0; j < N; j++) {
        const bool present = lane + 32 * j < size;
        k[i][j] = present ? key[lane + 32 * j] : 0;
        v[i][j] = present ? value[lane + 32 * j] : 0;
      }
    }
#pragma unroll
    for (int i = 0; i < Ahead; i++) {
      if (from + Warps * i >= end) continue;
      float dot = 0;
#pragma unroll
      for (int j = 0; j < N; j++) dot = fmaf(q[j], k[i][j], dot);
      score[i] = warpSum(dot);
      most = fmaxf(most, score[i]);
    }
    const float kept = expf(max - most);
    max = most;
    total *= kept;
#pragma unroll
    for (int j = 0; j < N; j++) sum[j] *= kept;
#pragma unroll
    for (int i = 0; i < Ahead; i++) {
      if (from + Warps * i >= end) continue;
      const float weight = expf(score[i] - max);
      total += weight;
#pragma unroll
      for (int j = 0; j < N; j++) sum[j] = fmaf(weight, v[i][j], sum[j]);
    }
  }
#pragma unroll
  for (int j = 0; j < N; j++) sums[warp][lane + 32 * j] = sum[j];
  if (lane == 0) { maxima[warp] = max; weights[warp] = total; }
  __syncthreads();
  float most = maxima[0];
  for (int i = 1; i < Warps; i++) most = fmaxf(most, maxima[i]);
  float by[Warps], weight = 0;
#pragma unroll
  for (int i = 0; i < Warps; i++) { by[i] = maxima[i] == most ? 1.f : expf(maxima[i] - most); weight = fmaf(weights[i], by[i], weight); } // most is −∞ in an empty part
  float* to = partial + (((long long)b * heads + head) * gridDim.y + blockIdx.y) * (size + 2);
  for (int i = threadIdx.x; i < size; i += blockDim.x) {
    float value = 0;
#pragma unroll
    for (int w = 0; w < Warps; w++) value = fmaf(sums[w][i], by[w], value);
    to[i] = value;
  }
  if (threadIdx.x == 0) { to[size] = most; to[size + 1] = weight; }
}

#define ATTEND(name, n) \
  extern "C" __global__ void __launch_bounds__(128) name( \
      const Mixer* layer, float* const* states, float* const* const* caches, int steps, const int* positions, const float* rotated, float* partial) { \
    attend<n>(*layer, states, caches, steps, positions, rotated, partial); \
  }

ATTEND(attend_1, 1)
ATTEND(attend_2, 2)
ATTEND(attend_4, 4)
ATTEND(attend_8, 8)

// Attention from its parts: (rows, mixedStride). Grid (heads, rows), 128 threads.
extern "C" __global__ void attend_output(const Mixer* layer, const float* partial, int parts, float* mixed, int mixedStride) {
  const int heads = (int)layer->heads, size = (int)layer->size;
  letNextBegin();
  waitForInputs();
  const Parts all(partial + ((long long)blockIdx.y * heads + blockIdx.x) * parts * (size + 2), parts, size);
  for (int i = threadIdx.x; i < size; i += blockDim.x) mixed[(long long)blockIdx.y * mixedStride + blockIdx.x * size + i] = all.value(i);
}
