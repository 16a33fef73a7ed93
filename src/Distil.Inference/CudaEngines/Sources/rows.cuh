// What the kernels of a decoding step share. A row is one token of one sequence; row b has its own state, at states[b].
#pragma once

// The kernel in front may still be running until here; those before it have ended. Then the next kernel's blocks may begin, as soon as this one's leave room.
__device__ __forceinline__ void waitForInputs() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}

// Asks for the weights of a later kernel, which then finds them in the L2 cache: the last blocks ask for a part each. bytes: a multiple of 16.
__device__ __forceinline__ void prefetch(const char* weights, long long bytes) {
#if __CUDA_ARCH__ >= 900
  const int blocks = gridDim.x * gridDim.y, asking = min(blocks, 128), own = (int)(blockIdx.y * gridDim.x + blockIdx.x) - (blocks - asking);
  if (threadIdx.x != 0 || own < 0) return;
  const long long part = (bytes / asking / 128 + 1) * 128, end = min((own + 1) * part, bytes);
  for (long long at = own * part; at < end; at += 32768)
    asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" :: "l"(weights + at), "r"((int)min(end - at, 32768ll)));
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
