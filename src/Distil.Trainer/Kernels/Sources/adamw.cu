// AdamW over flat buffers (Loshchilov and Hutter, arXiv 1711.05101, as PyTorch computes it), with clipping by the global norm of the
// gradient, which stays on the device. Weights and moments are float32; a bfloat16 copy of the weights is written beside them.
#include "logits.cuh"

__device__ __forceinline__ void four(const float* from, long long i, float (&to)[4]) { unpack(((const uint4*)from)[i], to); }
__device__ __forceinline__ void four(const bf16* from, long long i, float (&to)[4]) {
  uint2 pairs = ((const uint2*)from)[i];
  to[0] = lowFloat(pairs.x); to[1] = highFloat(pairs.x); to[2] = lowFloat(pairs.y); to[3] = highFloat(pairs.y);
}

template <class T>
__device__ __forceinline__ void squares(const T* gradient, long long fours, float* partial) {
  float sum = 0.f;
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < fours; i += (long long)gridDim.x * blockDim.x) {
    float g[4];
    four(gradient, i, g);
    sum += g[0] * g[0] + g[1] * g[1] + g[2] * g[2] + g[3] * g[3];
  }
  sum = sumOverBlock(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

// A sum for each block, so that the total has one order whatever the timing.
extern "C" __global__ void __launch_bounds__(256) squares_float(const float* gradient, long long fours, float* partial) { squares(gradient, fours, partial); }
extern "C" __global__ void __launch_bounds__(256) squares_bf16(const bf16* gradient, long long fours, float* partial) { squares(gradient, fours, partial); }

extern "C" __global__ void __launch_bounds__(256) norm_of_squares(const float* partial, int count, float* norm) {
  float sum = 0.f;
  for (int i = threadIdx.x; i < count; i += blockDim.x) sum += partial[i];
  sum = sumOverBlock(sum);
  if (threadIdx.x == 0) *norm = sqrtf(sum);
}

template <class T>
__device__ __forceinline__ void update(
    float* weights, const T* gradient, float* mean, float* square, uint2* half, const float* norm, long long fours, float maximumNorm,
    float learningRate, float beta1, float beta2, float epsilon, float decay, float correction1, float correction2) {
  const float clip = fminf(1.f, maximumNorm / (*norm + 1e-6f));
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < fours; i += (long long)gridDim.x * blockDim.x) {
    float w[4], g[4], m[4], v[4];
    four(weights, i, w);
    four(gradient, i, g);
    four(mean, i, m);
    four(square, i, v);
#pragma unroll
    for (int k = 0; k < 4; k++) {
      float clipped = g[k] * clip;
      m[k] = beta1 * m[k] + (1.f - beta1) * clipped;
      v[k] = beta2 * v[k] + (1.f - beta2) * clipped * clipped;
      w[k] = w[k] * (1.f - learningRate * decay) - learningRate * (m[k] / correction1) / (sqrtf(v[k] / correction2) + epsilon);
    }
    ((uint4*)weights)[i] = pack(w);
    ((uint4*)mean)[i] = pack(m);
    ((uint4*)square)[i] = pack(v);
    if (half) half[i] = make_uint2(toPair(w[0], w[1]), toPair(w[2], w[3]));
  }
}

#define PARAMETERS(T) \
  float* weights, const T* gradient, float* mean, float* square, uint2* half, const float* norm, long long fours, float maximumNorm, \
  float learningRate, float beta1, float beta2, float epsilon, float decay, float correction1, float correction2
#define BODY update(weights, gradient, mean, square, half, norm, fours, maximumNorm, learningRate, beta1, beta2, epsilon, decay, correction1, correction2);

extern "C" __global__ void __launch_bounds__(256) adamw_float(PARAMETERS(float)) { BODY }
extern "C" __global__ void __launch_bounds__(256) adamw_bf16(PARAMETERS(bf16)) { BODY }
