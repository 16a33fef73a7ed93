// The parts of an mLSTM block between its projections up and down (xLSTM, arXiv 2405.04517, eq. 19–27).
#pragma once
#include "rows.cuh"

// c = convolution of x_m; q, k of c and v of x_m by block-diagonal matrices, (size, inner): row j contains each output's weight of its block's input j.
// gates: what the block's channels add to the gates' products, (rows, blocks, 2·heads); gateWeights: (2·heads, 3·inner), input gates, then forget gates.
// up: (rows, 2·inner): x_m, z. joined: (rows, 3·inner). Grid (⌈inner / span⌉, sequences), 256 threads; span: a multiple of size; shared: 5·span floats.
extern "C" __global__ void __launch_bounds__(256) mlstm_project(
    float* const* states, int steps, long long state, const float* up, int upStride, const float* convolution, const float* query, const float* key, const float* value,
    const float* gateWeights, float* convolved, float* joined, float* gates, int inner, int heads, int size, int span, int taps) {
  extern __shared__ float shared[];
  float *x = shared, *c = shared + span, *all = shared + 2 * span; // all: q, k, v
  letNextBegin();
  waitForInputs();
  const int first = blockIdx.x * span, count = min(span, inner - first), lane = threadIdx.x & 31;
  float* tail = states[blockIdx.y] + state;
  for (int step = 0; step < steps; step++) {
    const long long b = (long long)blockIdx.y * steps + step;
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
      x[i] = up[b * upStride + first + i];
      c[i] = convolve(x[i], tail, convolution, inner, first + i, inner, taps);
      convolved[b * inner + first + i] = c[i];
    }
    __syncthreads();
    for (int i = threadIdx.x; i < 3 * count; i += blockDim.x) {
      const int which = i / count, channel = i % count, block = channel / size * size;
      const float *weights = (which == 0 ? query : which == 1 ? key : value) + first + channel, *from = (which == 2 ? x : c) + block;
      float sum = 0;
      for (int j = 0; j < size; j++) sum = fmaf(weights[(long long)j * inner], from[j], sum);
      all[i] = sum;
      joined[(b * 3 + which) * inner + first + channel] = sum;
    }
    __syncthreads();
    for (int gate = threadIdx.x >> 5; gate < 2 * heads; gate += blockDim.x >> 5) {
      const float* weights = gateWeights + (long long)gate * 3 * inner + first;
      float sum = 0;
#pragma unroll 4
      for (int i = lane; i < count; i += 32)
        sum = fmaf(weights[i], all[i], fmaf(weights[inner + i], all[count + i], fmaf(weights[2 * inner + i], all[2 * count + i], sum)));
      sum = warpSum(sum);
      if (lane == 0) gates[(b * gridDim.x + blockIdx.x) * 2 * heads + gate] = sum;
    }
    __syncthreads(); // x, c and all are free again
  }
}

// The gates of one head: how much it keeps, how much it writes (with the scale of the keys), and the new stabiliser.
struct HeadGates {
  float keep, write, max;
  // gates: of the row, (blocks, 2·heads), whose blocks are added up; bias: (2·heads). Every warp computes the same bits.
  __device__ __forceinline__ HeadGates(const float* gates, int blocks, const float* bias, int head, int heads, float stabiliser, int divisor) {
    float input = 0, forget = 0;
    for (int i = threadIdx.x & 31; i < blocks; i += 32) {
      input += gates[i * 2 * heads + head];
      forget += gates[i * 2 * heads + heads + head];
    }
    input = warpSum(input) + bias[head];
    const float carried = logSigmoid(warpSum(forget) + bias[heads + head]) + stabiliser;
    max = fmaxf(carried, input);
    keep = expf(carried - max);
    write = expf(input - max) / sqrtf((float)divisor);
  }
};

// A memory of one head reads and writes so many positions of a sequence, one after the other.
struct Memory {
  float* const* states;
  long long matrices, stabilisers; // in a sequence's state: C of each head, (features, stride), and m
  const float* gates;              // (rows, blocks, 2·heads)
  int blocks;
  const float *bias, *query, *key; // (rows, queryStride): (heads, features)
  long long queryStride;
  const float* value; // (rows, valueStride): (heads / group, size)
  long long valueStride;
  float* read; // (rows, heads·size)
  int heads, group, features, size, stride;
  int divisor; // keys are divided by its root
  int steps;
};

// C ← keep·C + k vᵀ, and read = qᵀC: 32 columns of one head. Nothing but C is written: the other blocks of the head need the old stabiliser.
// Grid (heads · stride / 32, sequences), 256 threads.
__device__ __forceinline__ void advanceMemory(const Memory p) {
  __shared__ float parts[32][33];
  const int splits = p.stride / 32, head = blockIdx.x / splits, column = blockIdx.x % splits * 32 + 4 * (threadIdx.x & 7);
  const int group = threadIdx.x >> 3, size = p.size, stride = p.stride, features = p.features;
  const float* own = p.states[blockIdx.y];
  float* matrix = p.states[blockIdx.y] + p.matrices + (long long)head * features * stride + column;
  float4 c[8];
  letNextBegin();
  waitForInputs();
#pragma unroll
  for (int i = 0; i < 8; i++) // before the gates: they take as long
    if (group + 32 * i < features) c[i] = __ldcs((const float4*)(matrix + (long long)(group + 32 * i) * stride));
  float stabiliser = own[p.stabilisers + head];
  const bool whole = features <= 32 * 8; // C stays in registers from step to step
  for (int step = 0; step < p.steps; step++) {
    const long long b = (long long)blockIdx.y * p.steps + step;
    const HeadGates g(p.gates + b * p.blocks * 2 * p.heads, p.blocks, p.bias, head, p.heads, stabiliser, p.divisor);
    stabiliser = g.max;
    const float *q = p.query + b * p.queryStride + head * features, *k = p.key + b * p.queryStride + head * features;
    const float* v = p.value + b * p.valueStride + head / p.group * size;
    const float4 value = make_float4(
        column < size ? v[column] : 0, column + 1 < size ? v[column + 1] : 0, column + 2 < size ? v[column + 2] : 0, column + 3 < size ? v[column + 3] : 0);
    float4 sum = make_float4(0, 0, 0, 0);
    for (int from = group; from < features; from += 32 * 8) {
#pragma unroll
      for (int i = 0; i < 8; i++)
        if ((step > 0 ? !whole : from != group) && from + 32 * i < features) c[i] = __ldcs((const float4*)(matrix + (long long)(from + 32 * i) * stride));
#pragma unroll
      for (int i = 0; i < 8; i++) {
        const int row = from + 32 * i;
        if (row < features) {
          const float key = k[row] * g.write, query = q[row];
          c[i].x = fmaf(key, value.x, c[i].x * g.keep); c[i].y = fmaf(key, value.y, c[i].y * g.keep);
          c[i].z = fmaf(key, value.z, c[i].z * g.keep); c[i].w = fmaf(key, value.w, c[i].w * g.keep);
          if (!whole || step == p.steps - 1) __stcs((float4*)(matrix + (long long)row * stride), c[i]);
          sum.x = fmaf(query, c[i].x, sum.x); sum.y = fmaf(query, c[i].y, sum.y); sum.z = fmaf(query, c[i].z, sum.z); sum.w = fmaf(query, c[i].w, sum.w);
        }
      }
    }
    float* mine = &parts[group][4 * (threadIdx.x & 7)];
    __syncthreads(); // the step before has been read
    mine[0] = sum.x; mine[1] = sum.y; mine[2] = sum.z; mine[3] = sum.w;
    __syncthreads();
    const int to = blockIdx.x % splits * 32 + threadIdx.x;
    if (threadIdx.x < 32 && to < size) {
      float total = 0;
      for (int i = 0; i < 32; i++) total += parts[i][threadIdx.x];
      p.read[(b * p.heads + head) * size + to] = total;
    }
  }
}

// As Memory, of an mLSTM: joined: (rows, 3·inner).
extern "C" __global__ void __launch_bounds__(256) mlstm_memory(
    float* const* states, int steps, long long state, long long stabiliser, const float* gates, int blocks, const float* bias, const float* joined, float* read,
    int inner, int heads, int stride) {
  const int size = inner / heads;
  advanceMemory(
      {states, state, stabiliser, gates, blocks, bias, joined, joined + inner, 3LL * inner, joined + 2 * inner, 3LL * inner, read, heads, 1, size, size, stride, size, steps});
}

// n ← keep·n + k, and q·n, which every thread gets. n and k: (features).
__device__ __forceinline__ float advanceNormaliser(float* n, const float* q, const float* k, int features, const HeadGates g) {
  float dot = 0;
  for (int i = threadIdx.x; i < features; i += blockDim.x) {
    n[i] = fmaf(n[i], g.keep, k[i] * g.write);
    dot = fmaf(q[i], n[i], dot);
  }
  return blockSum(dot);
}

// n and m advance; h = read / max(|qᵀn|, e⁻ᵐ), its norm, skip and gate. Grid (heads, sequences), 256 threads; shared: DH floats.
extern "C" __global__ void mlstm_output(
    float* const* states, int steps, long long normaliser, long long stabiliser, const float* gates, int blocks, const float* bias, const float* joined,
    const float* read, const float* convolved, const float* up, int upStride, const float* headNorm, const float* skip, float* mixed, int mixedStride, int inner,
    int heads) {
  extern __shared__ float h[];
  letNextBegin();
  waitForInputs();
  const int head = blockIdx.x, size = inner / heads;
  float *own = states[blockIdx.y], max = own[stabiliser + head];
  for (int step = 0; step < steps; step++) {
    const long long b = (long long)blockIdx.y * steps + step;
    const HeadGates g(gates + b * blocks * 2 * heads, blocks, bias, head, heads, max, size);
    max = g.max;
    const float* q = joined + b * 3 * inner + head * size;
    const float dot = advanceNormaliser(own + normaliser + head * size, q, q + inner, size, g);
    const float by = 1.f / (fmaxf(fabsf(dot), expf(-max)) + 1e-6f);
    for (int i = threadIdx.x; i < size; i += blockDim.x) h[i] = read[b * inner + head * size + i] * by;
    __syncthreads();
    const float2 m = moments(h, size);
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
      const int channel = head * size + i;
      const float z = up[b * upStride + inner + channel], y = (h[i] - m.x) * m.y * headNorm[channel];
      mixed[b * mixedStride + channel] = fmaf(skip[channel], convolved[b * inner + channel], y) * z * sigmoid(z);
    }
    __syncthreads(); // every thread has read the stabiliser now, and h is free again
  }
  if (threadIdx.x == 0) own[stabiliser + head] = max;
}
