// The parts of an mLSTM block between its projections up and down (xLSTM, arXiv 2405.04517, eq. 19–27).
#pragma once
#include "rows.cuh"

// c = convolution of x_m; q, k of c and v of x_m by block-diagonal matrices, (size, inner): row j contains each output's weight of its block's input j.
// gates: what the block's channels add to the gates' products, (rows, blocks, 2·heads); gateWeights: (2·heads, 3·inner), input gates, then forget gates.
// up: (rows, 2·inner): x_m, z. joined: (rows, 3·inner). Grid (⌈inner / span⌉, rows), 256 threads; span: a multiple of size; shared: 5·span floats.
extern "C" __global__ void __launch_bounds__(256) mlstm_project(
    float* const* states, long long state, const float* up, int upStride, const float* convolution, const float* query, const float* key, const float* value,
    const float* gateWeights, float* convolved, float* joined, float* gates, int inner, int heads, int size, int span, int taps) {
  extern __shared__ float shared[];
  float *x = shared, *c = shared + span, *all = shared + 2 * span; // all: q, k, v
  letNextBegin();
  waitForInputs();
  const int first = blockIdx.x * span, count = min(span, inner - first), b = blockIdx.y, lane = threadIdx.x & 31;
  float* tail = states[b] + state;
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    x[i] = up[(long long)b * upStride + first + i];
    c[i] = convolve(x[i], tail, convolution, inner, first + i, inner, taps);
    convolved[(long long)b * inner + first + i] = c[i];
  }
  __syncthreads();
  for (int i = threadIdx.x; i < 3 * count; i += blockDim.x) {
    const int which = i / count, channel = i % count, block = channel / size * size;
    const float *weights = (which == 0 ? query : which == 1 ? key : value) + first + channel, *from = (which == 2 ? x : c) + block;
    float sum = 0;
    for (int j = 0; j < size; j++) sum = fmaf(weights[(long long)j * inner], from[j], sum);
    all[i] = sum;
    joined[((long long)b * 3 + which) * inner + first + channel] = sum;
  }
  __syncthreads();
  for (int gate = threadIdx.x >> 5; gate < 2 * heads; gate += blockDim.x >> 5) {
    const float* weights = gateWeights + (long long)gate * 3 * inner + first;
    float sum = 0;
#pragma unroll 4
    for (int i = lane; i < count; i += 32)
      sum = fmaf(weights[i], all[i], fmaf(weights[inner + i], all[count + i], fmaf(weights[2 * inner + i], all[2 * count + i], sum)));
    sum = warpSum(sum);
    if (lane == 0) gates[((long long)b * gridDim.x + blockIdx.x) * 2 * heads + gate] = sum;
  }
}

// The gates of one head: how much it keeps, how much it writes (with the scale of the keys), and the new stabiliser.
struct HeadGates {
  float keep, write, max;
  // gates: of the row, (blocks, 2·heads), as mlstm_project adds them up; bias: (2·heads). Every warp computes the same bits.
  __device__ __forceinline__ HeadGates(const float* gates, int blocks, const float* bias, int head, int heads, float stabiliser, int size) {
    float input = 0, forget = 0;
    for (int i = threadIdx.x & 31; i < blocks; i += 32) {
      input += gates[i * 2 * heads + head];
      forget += gates[i * 2 * heads + heads + head];
    }
    input = warpSum(input) + bias[head];
    const float carried = logSigmoid(warpSum(forget) + bias[heads + head]) + stabiliser;
    max = fmaxf(carried, input);
    keep = expf(carried - max);
    write = expf(input - max) / sqrtf((float)size);
  }
};

// C ← keep·C + k vᵀ, and read = qᵀC: 32 columns of one head, whose rows have 4·stride bytes. state: of C in a sequence's state; heads' matrices follow each other.
// Nothing but C is written: the other blocks of the head need the old stabiliser. Grid (heads · stride / 32, rows), 256 threads.
extern "C" __global__ void __launch_bounds__(256) mlstm_memory(
    float* const* states, long long state, long long stabiliser, const float* gates, int blocks, const float* bias, const float* joined, float* read, int inner,
    int heads, int stride) {
  __shared__ float parts[32][33];
  const int b = blockIdx.y, splits = stride / 32, head = blockIdx.x / splits, column = blockIdx.x % splits * 32 + 4 * (threadIdx.x & 7), size = inner / heads;
  const int group = threadIdx.x >> 3;
  float* own = states[b];
  float* matrix = own + state + (long long)head * size * stride + column;
  float4 c[8];
  letNextBegin();
  waitForInputs();
#pragma unroll
  for (int i = 0; i < 8; i++) // before the gates: they take as long
    if (group + 32 * i < size) c[i] = __ldcs((const float4*)(matrix + (long long)(group + 32 * i) * stride));
  const HeadGates g(gates + (long long)b * blocks * 2 * heads, blocks, bias, head, heads, own[stabiliser + head], size);
  const float *q = joined + (long long)b * 3 * inner + head * size, *k = q + inner, *v = k + inner;
  const float4 value = make_float4(
      column < size ? v[column] : 0, column + 1 < size ? v[column + 1] : 0, column + 2 < size ? v[column + 2] : 0, column + 3 < size ? v[column + 3] : 0);
  float4 sum = make_float4(0, 0, 0, 0);
  for (int from = group; from < size; from += 32 * 8) {
#pragma unroll
    for (int i = 0; i < 8; i++)
      if (from != group && from + 32 * i < size) c[i] = __ldcs((const float4*)(matrix + (long long)(from + 32 * i) * stride));
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
    float* const* states, long long normaliser, long long stabiliser, const float* gates, int blocks, const float* bias, const float* joined, const float* read,
    const float* convolved, const float* up, int upStride, const float* headNorm, const float* skip, float* mixed, int mixedStride, int inner, int heads) {
  extern __shared__ float h[];
  letNextBegin();
  waitForInputs();
  const int head = blockIdx.x, b = blockIdx.y, size = inner / heads;
  float *own = states[b], *n = own + normaliser + head * size;
  const HeadGates g(gates + (long long)b * blocks * 2 * heads, blocks, bias, head, heads, own[stabiliser + head], size);
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
