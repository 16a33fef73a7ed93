// The parts of an mLSTM block between its projections up and down (xLSTM, arXiv 2405.04517, eq. 19–27).
#pragma once
#include "rows.cuh"

// c = convolution of x_m; q, k of c and v of x_m by block-diagonal matrices, (size, inner): row j contains each output's weight of its block's input j.
// up: (rows, 2·inner): x_m, z. joined: (rows, 3·inner). Grid (⌈inner / span⌉, rows); span: a multiple of size; shared: 2·span floats.
extern "C" __global__ void mlstm_project(
    float* const* states, long long state, const float* up, int upStride, const float* convolution, const float* query, const float* key, const float* value,
    float* convolved, float* joined, int inner, int size, int span, int taps) {
  extern __shared__ float shared[];
  float *x = shared, *c = shared + span;
  letNextBegin();
  waitForInputs();
  const int first = blockIdx.x * span, count = min(span, inner - first), b = blockIdx.y;
  float* tail = states[b] + state;
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    x[i] = up[(long long)b * upStride + first + i];
    c[i] = convolve(x[i], tail, convolution, inner, first + i, inner, taps);
    convolved[(long long)b * inner + first + i] = c[i];
  }
  __syncthreads();
  float* out = joined + (long long)b * 3 * inner + first;
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    const int block = i / size * size;
    float q = 0, k = 0, v = 0;
    for (int j = 0; j < size; j++) {
      const long long at = (long long)j * inner + first + i;
      q = fmaf(query[at], c[block + j], q);
      k = fmaf(key[at], c[block + j], k);
      v = fmaf(value[at], x[block + j], v);
    }
    out[i] = q;
    out[inner + i] = k;
    out[2 * inner + i] = v;
  }
}

// gates = W·(q, k, v) + bias: the input gates, then the forget gates. weights: (gates, width). Grid (gates, ⌈rows / 4⌉), 256 threads; width: a multiple of 4.
extern "C" __global__ void mlstm_gates(const float* weights, const float* bias, const float* joined, float* out, int width, int rows) {
  letNextBegin();
  waitForInputs();
  const int first = 4 * blockIdx.y;
  const float* x[4];
  float sums[4] = {};
#pragma unroll
  for (int i = 0; i < 4; i++) x[i] = joined + (long long)min(first + i, rows - 1) * width;
  for (int k = 4 * threadIdx.x; k < width; k += 4 * blockDim.x) {
    const float4 w = *(const float4*)(weights + (long long)blockIdx.x * width + k);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const float4 v = *(const float4*)(x[i] + k);
      sums[i] = fmaf(w.x, v.x, fmaf(w.y, v.y, fmaf(w.z, v.z, fmaf(w.w, v.w, sums[i]))));
    }
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float sum = blockSum(sums[i]);
    if (threadIdx.x == 0 && first + i < rows) out[(long long)(first + i) * gridDim.x + blockIdx.x] = sum + bias[blockIdx.x];
  }
}

// The gates of one head: how much it keeps, how much it writes (with the scale of the keys), and the new stabiliser.
struct HeadGates {
  float keep, write, max;
  __device__ __forceinline__ HeadGates(const float* gates, int head, int heads, float stabiliser, int size) {
    const float input = gates[head], carried = logSigmoid(gates[heads + head]) + stabiliser;
    max = fmaxf(carried, input);
    keep = expf(carried - max);
    write = expf(input - max) / sqrtf((float)size);
  }
};

// C ← keep·C + k vᵀ, and read = qᵀC: 32 columns of one head, whose rows have 4·stride bytes. state: of C in a sequence's state; heads' matrices follow each other.
// Nothing but C is written: the other blocks of the head need the old stabiliser. Grid (heads · stride / 32, rows), 256 threads.
extern "C" __global__ void __launch_bounds__(256) mlstm_memory(
    float* const* states, long long state, long long stabiliser, const float* gates, const float* joined, float* read, int inner, int heads, int stride) {
  __shared__ float parts[32][33];
  letNextBegin();
  waitForInputs();
  const int b = blockIdx.y, splits = stride / 32, head = blockIdx.x / splits, column = blockIdx.x % splits * 32 + 4 * (threadIdx.x & 7), size = inner / heads;
  const int group = threadIdx.x >> 3;
  float* own = states[b];
  const HeadGates g(gates + (long long)b * 2 * heads, head, heads, own[stabiliser + head], size);
  const float *q = joined + (long long)b * 3 * inner + head * size, *k = q + inner, *v = k + inner;
  const float4 value = make_float4(
      column < size ? v[column] : 0, column + 1 < size ? v[column + 1] : 0, column + 2 < size ? v[column + 2] : 0, column + 3 < size ? v[column + 3] : 0);
  float* matrix = own + state + (long long)head * size * stride + column;
  float4 sum = make_float4(0, 0, 0, 0);
  for (int from = group; from < size; from += 32 * 8) {
    float4 c[8];
#pragma unroll
    for (int i = 0; i < 8; i++)
      if (from + 32 * i < size) c[i] = __ldcs((const float4*)(matrix + (long long)(from + 32 * i) * stride));
#pragma unroll
    for (int i = 0; i < 8; i++) {
      const int row = from + 32 * i;
      if (row < size) {
        const float key = k[row] * g.write, query = q[row];
        c[i].x = fmaf(key, value.x, c[i].x * g.keep); c[i].y = fmaf(key, value.y, c[i].y * g.keep);
        c[i].z = fmaf(key, value.z, c[i].z * g.keep); c[i].w = fmaf(key, value.w, c[i].w * g.keep);
        __stcs((float4*)(matrix + (long long)row * stride), c[i]);
        sum.x = fmaf(query, c[i].x, sum.x); sum.y = fmaf(query, c[i].y, sum.y); sum.z = fmaf(query, c[i].z, sum.z); sum.w = fmaf(query, c[i].w, sum.w);
      }
    }
  }
  float* mine = &parts[group][4 * (threadIdx.x & 7)];
  mine[0] = sum.x; mine[1] = sum.y; mine[2] = sum.z; mine[3] = sum.w;
  __syncthreads();
  const int to = blockIdx.x % splits * 32 + threadIdx.x;
  if (threadIdx.x < 32 && to < size) {
    float total = 0;
    for (int i = 0; i < 32; i++) total += parts[i][threadIdx.x];
    read[(long long)b * inner + head * size + to] = total;
  }
}

// n and m advance; h = read / max(|qᵀn|, e⁻ᵐ), its norm, skip and gate. Grid (heads, rows), 128 threads; shared: DH floats.
extern "C" __global__ void mlstm_output(
    float* const* states, long long normaliser, long long stabiliser, const float* gates, const float* joined, const float* read, const float* convolved,
    const float* up, int upStride, const float* headNorm, const float* skip, float* mixed, int mixedStride, int inner, int heads) {
  extern __shared__ float h[];
  letNextBegin();
  waitForInputs();
  const int head = blockIdx.x, b = blockIdx.y, size = inner / heads;
  float *own = states[b], *n = own + normaliser + head * size;
  const HeadGates g(gates + (long long)b * 2 * heads, head, heads, own[stabiliser + head], size);
  const float *q = joined + (long long)b * 3 * inner + head * size, *k = q + inner;
  float dot = 0;
  for (int i = threadIdx.x; i < size; i += blockDim.x) {
    n[i] = fmaf(n[i], g.keep, k[i] * g.write);
    dot = fmaf(q[i], n[i], dot);
  }
  dot = blockSum(dot); // every thread has read the stabiliser now
  if (threadIdx.x == 0) own[stabiliser + head] = g.max;
  const float by = 1.f / (fmaxf(fabsf(dot), expf(-g.max)) + 1e-6f);
  for (int i = threadIdx.x; i < size; i += blockDim.x) h[i] = read[(long long)b * inner + head * size + i] * by;
  __syncthreads();
  const float2 m = moments(h, size);
  for (int i = threadIdx.x; i < size; i += blockDim.x) {
    const int channel = head * size + i;
    const float z = up[(long long)b * upStride + inner + channel], y = (h[i] - m.x) * m.y * headNorm[channel];
    mixed[(long long)b * mixedStride + channel] = fmaf(skip[channel], convolved[(long long)b * inner + channel], y) * z * sigmoid(z);
  }
}
