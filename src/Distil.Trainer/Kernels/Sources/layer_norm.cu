// LayerNorm of a float residual stream into bfloat16, the stored weight w used as (1 + w). A block of 256 threads takes a row.
//   WIDTH  D, a multiple of 2, at most 16,384.
#include "bfloat16.cuh"
#include "float16.cuh"
#include "activations.cuh"

#define THREADS 256
#define PAIRS ((WIDTH / 2 + THREADS - 1) / THREADS)

// Sums of two values over the block; `shared` has 16 places.
__device__ __forceinline__ float2 blockSum(float2 x, float2* shared) {
  x.x = warpSum(x.x); x.y = warpSum(x.y);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = x;
  __syncthreads();
  float2 sum = make_float2(0, 0);
#pragma unroll
  for (int w = 0; w < THREADS / 32; w++) { sum.x += shared[w].x; sum.y += shared[w].y; }
  return sum;
}

// x: float (N, D). y: bf16 (N, D). fine: fp16 (N, D), y less rounded, or null. statistics: float (N, 2), mean and 1/deviation. Grid (N).
extern "C" __global__ void __launch_bounds__(THREADS) layer_norm_forward(const float* x, const float* weight, bf16* y, fp16* fine, float2* statistics, float epsilon) {
  __shared__ float2 shared[THREADS / 32];
  x += (long long)blockIdx.x * WIDTH; y += (long long)blockIdx.x * WIDTH;
  float2 v[PAIRS];
  float2 sum = make_float2(0, 0);
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
    const int d = 2 * (threadIdx.x + i * THREADS);
    v[i] = d < WIDTH ? *(const float2*)(x + d) : make_float2(0, 0);
    sum.x += v[i].x + v[i].y;
  }
  const float mean = blockSum(sum, shared).x / WIDTH;
  sum = make_float2(0, 0);
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
    if (2 * (threadIdx.x + i * THREADS) < WIDTH) { float a = v[i].x - mean, b = v[i].y - mean; sum.x += a * a + b * b; }
  }
  const float scale = rsqrtf(blockSum(sum, shared).x / WIDTH + epsilon);
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
    const int d = 2 * (threadIdx.x + i * THREADS);
    if (d < WIDTH) {
      const float2 normed = make_float2((v[i].x - mean) * scale * (1.f + weight[d]), (v[i].y - mean) * scale * (1.f + weight[d + 1]));
      *(unsigned*)(y + d) = toPair(normed.x, normed.y);
      if (fine) *(unsigned*)(fine + (long long)blockIdx.x * WIDTH + d) = toHalfPair(normed.x, normed.y);
    }
  }
  if (threadIdx.x == 0) statistics[blockIdx.x] = make_float2(mean, scale);
}

// gradient: bf16 (N, D). dx: float (N, D). dWeight: float (blocks, D), a block's rows each. Any grid.
extern "C" __global__ void __launch_bounds__(THREADS) layer_norm_backward(
    const bf16* gradient, const float* x, const float* weight, const float2* statistics, float* dx, float* dWeight, int rows) {
  __shared__ float2 shared[THREADS / 32];
  float2 dW[PAIRS], w[PAIRS];
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
    const int d = 2 * (threadIdx.x + i * THREADS);
    dW[i] = make_float2(0, 0);
    w[i] = d < WIDTH ? make_float2(1.f + weight[d], 1.f + weight[d + 1]) : make_float2(0, 0);
  }
  for (int row = blockIdx.x; row < rows; row += gridDim.x) {
    const float2 s = statistics[row];
    const long long at = (long long)row * WIDTH;
    float2 n[PAIRS], g[PAIRS], sum = make_float2(0, 0);
#pragma unroll
    for (int i = 0; i < PAIRS; i++) {
      const int d = 2 * (threadIdx.x + i * THREADS);
      n[i] = g[i] = make_float2(0, 0);
      if (d < WIDTH) {
        const float2 v = *(const float2*)(x + at + d);
        const unsigned pair = *(const unsigned*)(gradient + at + d);
        n[i] = make_float2((v.x - s.x) * s.y, (v.y - s.x) * s.y);
        dW[i].x += lowFloat(pair) * n[i].x; dW[i].y += highFloat(pair) * n[i].y;
        g[i] = make_float2(lowFloat(pair) * w[i].x, highFloat(pair) * w[i].y);
        sum.x += g[i].x + g[i].y; sum.y += g[i].x * n[i].x + g[i].y * n[i].y;
      }
    }
    sum = blockSum(sum, shared);
    sum.x /= WIDTH; sum.y /= WIDTH;
#pragma unroll
    for (int i = 0; i < PAIRS; i++) {
      const int d = 2 * (threadIdx.x + i * THREADS);
      if (d < WIDTH) *(float2*)(dx + at + d) = make_float2((g[i].x - sum.x - n[i].x * sum.y) * s.y, (g[i].y - sum.x - n[i].y * sum.y) * s.y);
    }
  }
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
    const int d = 2 * (threadIdx.x + i * THREADS);
    if (d < WIDTH) *(float2*)(dWeight + (long long)blockIdx.x * WIDTH + d) = dW[i];
  }
}
