// AdamW (Loshchilov and Hutter, arXiv 1711.05101, as PyTorch computes it) over flat buffers of weights and moments and gradients wherever they lie, with
// clipping by the gradients' global norm, which stays on the device. Weights and moments are float32. Parameters in bfloat16 come first in the buffers; their
// gradients are bfloat16, and a bfloat16 copy of their weights is written beside.
#include "logits.cuh"

__device__ __forceinline__ void four(const float* from, long long i, float (&to)[4]) { unpack(((const uint4*)from)[i], to); }
__device__ __forceinline__ void four(const bf16* from, long long i, float (&to)[4]) {
  uint2 pairs = ((const uint2*)from)[i];
  to[0] = lowFloat(pairs.x); to[1] = highFloat(pairs.x); to[2] = lowFloat(pairs.y); to[3] = highFloat(pairs.y);
}


// What a block does: some elements of one parameter, from one that is a multiple of 4 on.
struct Part { long long parameter, from, at, count; };  // at: of `from` in the flat buffers

// Adds to 16 bytes at a time, then to what remains.
template <class T>
__device__ __forceinline__ float squares(const T* gradient, int count) {
  float sum = 0.f;
  for (int i = threadIdx.x; i < count / 4; i += blockDim.x) {
    float g[4];
    four(gradient, i, g);
    sum += g[0] * g[0] + g[1] * g[1] + g[2] * g[2] + g[3] * g[3];
  }
  const int last = count / 4 * 4 + threadIdx.x;
  const float g = last < count ? load(gradient, last) : 0.f;
  return sum + g * g;
}

// A sum for each block, so that the total has one order whatever the timing.
extern "C" __global__ void __launch_bounds__(256) squares_of_gradients(const Part* parts, const void* const* gradients, long long halves, float* partial) {
  const Part part = parts[blockIdx.x];
  const void* gradient = gradients[part.parameter];
  const float sum = sumOverBlock(part.at < halves ? squares((const bf16*)gradient + part.from, part.count) : squares((const float*)gradient + part.from, part.count));
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

template <class T>
__device__ __forceinline__ void update(float* weights, const T* gradient, float* mean, float* square, bf16* half, int count, const Constants& constants) {
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
    if (half) ((uint2*)half)[i] = make_uint2(toPair(w[0], w[1]), toPair(w[2], w[3]));
  }
  const int last = count / 4 * 4 + threadIdx.x;
  if (last < count) {
    constants.step(weights[last], load(gradient, last), mean[last], square[last]);
    if (half) half[last] = toBf16(weights[last]);
  }
}

extern "C" __global__ void __launch_bounds__(256) adamw(
    const Part* parts, const void* const* gradients, long long halves, float* weights, float* mean, float* square, bf16* half, const float* norm, float maximumNorm,
    float learningRate, float beta1, float beta2, float epsilon, float decay, float correction1, float correction2) {
  const Part part = parts[blockIdx.x];
  const void* gradient = gradients[part.parameter];
  const Constants constants = {learningRate, beta1, beta2, epsilon, decay, correction1, correction2, fminf(1.f, maximumNorm / (*norm + 1e-6f))};
  float *w = weights + part.at, *m = mean + part.at, *v = square + part.at;
  if (part.at < halves) update(w, (const bf16*)gradient + part.from, m, v, half + part.at, part.count, constants);
  else update(w, (const float*)gradient + part.from, m, v, nullptr, part.count, constants);
}
