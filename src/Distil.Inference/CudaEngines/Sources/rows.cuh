// What the kernels of a decoding step share. A row is one token of one sequence; each of the sequences has the same number of rows, its steps, side by side, and
// its own state: row b belongs to states[b / steps].
#pragma once

// Kernels in front may still be running until here. Only memory that no kernel writes may be read before.
__device__ __forceinline__ void waitForInputs() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Lets the next kernel's blocks begin as soon as this one's leave room.
__device__ __forceinline__ void letNextBegin() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}

__device__ __forceinline__ float sigmoid(float x) { return 1.f / (1.f + expf(-x)); }
__device__ __forceinline__ float logSigmoid(float x) { return fminf(x, 0.f) - log1pf(expf(-fabsf(x))); }

__device__ __forceinline__ float warpSum(float x) {
  for (int i = 16; i > 0; i >>= 1) x += __shfl_xor_sync(0xffffffffu, x, i);
  return x;
}

// The sum over the block's threads, the same bits in each of them; whole warps, at most 32.
__device__ __forceinline__ float blockSum(float x) {
  __shared__ float parts[32];
  x = warpSum(x);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5] = x;
  __syncthreads();
  float sum = 0;
  for (unsigned i = 0; i < blockDim.x >> 5; i++) sum += parts[i];
  return sum;
}

// The mean of values in shared memory, and 1 / √(variance + 1e-5).
__device__ __forceinline__ float2 moments(const float* x, int width) {
  float sum = 0;
  for (int i = threadIdx.x; i < width; i += blockDim.x) sum += x[i];
  const float mean = blockSum(sum) / width;
  sum = 0;
  for (int i = threadIdx.x; i < width; i += blockDim.x) { const float off = x[i] - mean; sum = fmaf(off, off, sum); }
  return make_float2(mean, 1.f / sqrtf(blockSum(sum) / width + 1e-5f));
}

// SiLU of a causal depthwise convolution of one channel. tail: (K − 1, width), the oldest input first; it advances. weights: (K + 1, stride): the bias, then the
// taps, the newest position last.
__device__ __forceinline__ float convolve(float x, float* tail, const float* weights, int stride, int channel, int width, int taps) {
  float sum = weights[channel];
  for (int k = 0; k < taps - 1; k++) {
    const float past = tail[k * width + channel];
    sum = fmaf(weights[(k + 1) * stride + channel], past, sum);
    if (k > 0) tail[(k - 1) * width + channel] = past;
  }
  sum = fmaf(weights[taps * stride + channel], x, sum);
  if (taps > 1) tail[(taps - 2) * width + channel] = x;
  return sum * sigmoid(sum);
}
