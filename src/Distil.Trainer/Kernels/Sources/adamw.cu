// AdamW (Loshchilov and Hutter, arXiv 1711.05101, as PyTorch computes it) over flat buffers of weights and moments and gradients wherever they lie, with
// clipping by the gradients' global norm, which stays on the device. All float32.
#include "logits.cuh"

__device__ __forceinline__ void four(const float* from, long long i, float (&to)[4]) { unpack(((const uint4*)from)[i], to); }

// What a block does: some elements of one parameter, from one that is a multiple of 4 on.
struct Part { long long parameter, from, at, count; };  // at: of `from` in the flat buffers

// A sum for each block, so that the total has one order whatever the timing.
extern "C" __global__ void __launch_bounds__(256) squares_of_gradients(const Part* parts, const float* const* gradients, float* partial) {
  const Part part = parts[blockIdx.x];
  const float* gradient = gradients[part.parameter] + part.from;
  const int count = part.count, last = count / 4 * 4 + threadIdx.x;
  float sum = 0.f;
  for (int i = threadIdx.x; i < count / 4; i += blockDim.x) {
    float g[4];
    four(gradient, i, g);
    sum += g[0] * g[0] + g[1] * g[1] + g[2] * g[2] + g[3] * g[3];
  }
  if (last < count) sum += gradient[last] * gradient[last];
  sum = sumOverBlock(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(256) norm_of_squares(const float* partial, int count, float* norm) {
  float sum = 0.f;
  for (int i = threadIdx.x; i < count; i += blockDim.x) sum += partial[i];
  sum = sumOverBlock(sum);
  if (threadIdx.x == 0) *norm = sqrtf(sum);
}

struct Constants {
  float learningRate, beta1, beta2, epsilon, decay, correction1, correction2, clip;

  __device__ __forceinline__ void step(float& w, float g, float& m, float& v) const {
    const float clipped = g * clip;
    m = beta1 * m + (1.f - beta1) * clipped;
    v = beta2 * v + (1.f - beta2) * clipped * clipped;
    w = w * (1.f - learningRate * decay) - learningRate * (m / correction1) / (sqrtf(v / correction2) + epsilon);
  }
};

extern "C" __global__ void __launch_bounds__(256) adamw(
    const Part* parts, const float* const* gradients, float* weights, float* mean, float* square, const float* norm, float maximumNorm, float learningRate,
    float beta1, float beta2, float epsilon, float decay, float correction1, float correction2, const float* factors) {
  const Part part = parts[blockIdx.x];
  const Constants constants = {learningRate * (factors ? factors[part.parameter] : 1.f), beta1, beta2, epsilon, decay, correction1, correction2, fminf(1.f, maximumNorm / (*norm + 1e-6f))};
  const float* gradient = gradients[part.parameter] + part.from;
  weights += part.at;
  mean += part.at;
  square += part.at;
  const int count = part.count, last = count / 4 * 4 + threadIdx.x;
  for (int i = threadIdx.x; i < count / 4; i += blockDim.x) {
    float w[4], g[4], m[4], v[4];
    four(weights, i, w);
    four(gradient, i, g);
    four(mean, i, m);
    four(square, i, v);
#pragma unroll
    for (int k = 0; k < 4; k++) constants.step(w[k], g[k], m[k], v[k]);
    ((uint4*)weights)[i] = pack(w);
    ((uint4*)mean)[i] = pack(m);
    ((uint4*)square)[i] = pack(v);
  }
  if (last < count) constants.step(weights[last], gradient[last], mean[last], square[last]);
}
