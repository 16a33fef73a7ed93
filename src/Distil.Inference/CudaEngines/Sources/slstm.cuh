// The parts of an sLSTM block before its feed-forward network (xLSTM, arXiv 2405.04517, eq. 8–17).
#pragma once
#include "rows.cuh"

// c = convolution of the norm. Grid (⌈width / threads⌉, rows).
extern "C" __global__ void slstm_convolve(
    float* const* states, long long state, const float* x, int xStride, const float* convolution, int stride,
    float* convolved, int width, int taps) {
  letNextBegin();
  waitForInputs();
  const int i = blockIdx.x * blockDim.x + threadIdx.x, b = blockIdx.y;
  if (i < width) convolved[(long long)b * width + i] = convolve(x[(long long)b * xStride + i], states[b] + state, convolution, stride, i, width, taps);
}

// The gates before their functions: (rows, 4, width) for i, f, z, o. i and f read the convolution, z and o the norm; all read h of their head.
// weights: (4, width, stride) and recurrent: (heads, 4, DH, stride), of output and input. bias: (heads, 4, DH). Grid (⌈4·width / 8⌉, ⌈rows / 8⌉), 256 threads: a warp an output.
extern "C" __global__ void slstm_gates(
    float* const* states, long long hidden, const float* normed, int normedStride, const float* convolved, const float* weights, const float* recurrent,
    int stride, const float* bias, float* gates, int width, int heads, int rows) {
  const int output = blockIdx.x * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31, size = width / heads, first = 8 * blockIdx.y;
  letNextBegin();
  waitForInputs();
  if (output >= 4 * width) return;
  const int gate = output / width, unit = output % width, head = unit / size;
  const long long within = ((long long)head * 4 + gate) * size + unit % size; // of the recurrent weights
  float sums[8] = {};
  for (int k = lane; k < size; k += 32) {
    const float w = weights[(long long)output * stride + k], r = recurrent[within * stride + k];
#pragma unroll
    for (int i = 0; i < 8; i++)
      if (first + i < rows) {
        const int b = first + i, at = head * size + k;
        const float x = gate < 2 ? convolved[(long long)b * width + at] : normed[(long long)b * normedStride + at];
        sums[i] = fmaf(w, x, fmaf(r, states[b][hidden + at], sums[i]));
      }
  }
#pragma unroll
  for (int i = 0; i < 8; i++) {
    const float sum = warpSum(sums[i]);
    if (lane == 0 && first + i < rows) gates[((long long)(first + i) * 4) * width + output] = sum + bias[within];
  }
}

// h, c, n and m advance; x += norm of each head. section: from h to c, from c to n and from n to m. Grid (heads, rows), 128 threads; shared: DH floats.
extern "C" __global__ void slstm_cell(
    float* const* states, long long hidden, long long section, const float* gates, const float* headNorm, float* x, int xStride, int width, int heads) {
  extern __shared__ float values[];
  letNextBegin();
  waitForInputs();
  const int b = blockIdx.y, size = width / heads, first = blockIdx.x * size;
  float* h = states[b] + hidden + first;
  const float* g = gates + (long long)b * 4 * width + first;
  for (int i = threadIdx.x; i < size; i += blockDim.x) {
    float *c = h + section + i, *n = c + section, *m = n + section;
    const float input = g[i], carried = logSigmoid(g[width + i]) + *m, max = fmaxf(carried, input), keep = expf(carried - max), write = expf(input - max);
    *c = fmaf(keep, *c, write * tanhf(g[2 * width + i]));
    *n = fmaf(keep, *n, write);
    *m = max;
    values[i] = h[i] = sigmoid(g[3 * width + i]) * *c / *n;
  }
  __syncthreads();
  const float2 m = moments(values, size);
  for (int i = threadIdx.x; i < size; i += blockDim.x) x[(long long)b * xStride + first + i] += (values[i] - m.x) * m.y * headNorm[first + i];
}
