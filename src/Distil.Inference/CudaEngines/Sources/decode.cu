// One decoding step of a student: a token for each of 1 to 64 sequences. Products with large matrices, norms, embedding; the blocks' own parts are included.
#include "product.cuh"
#include "mlstm.cuh"
#include "slstm.cuh"
#include "mixer.cuh"
#include "attention.cuh"
#include "choice.cuh"
#include "ranking.cuh"

#define PRODUCT(name, tiles, rowTiles, ahead, gated, norm, blocks) \
  extern "C" __global__ void __launch_bounds__(32 * WARPS, blocks) name( \
      const unsigned short* weights, long long stride, int outputs, const float* x, int xStride, int rows, const float* scale, float epsilon, int width, \
      const float* bias, float* out, long long outStride, int add, int activation) { \
    product<tiles, rowTiles, ahead, gated, norm>( \
        {weights, stride, outputs, x, xStride, rows, scale, epsilon, width, bias, out, outStride, add, activation}); \
  }

// By the number of rows; grid (⌈outputs / (16·tiles)⌉). Wide: for many outputs, rows are read once for more of them. Long: for so few outputs that each block has a
// multiprocessor for itself, and so many registers that most of its weights are there before its inputs are. blocks: of a multiprocessor at once, of product_8.
#define PRODUCTS(suffix, norm, blocks) \
  PRODUCT(product_8##suffix, 1, 1, 3, false, norm, blocks) \
  PRODUCT(product_long_8##suffix, 1, 1, 6, false, norm, 1) \
  PRODUCT(product_16##suffix, 1, 2, 3, false, norm, 2) \
  PRODUCT(product_32##suffix, 1, 4, 2, false, norm, 2) \
  PRODUCT(product_64##suffix, 1, 8, 2, false, norm, 2) \
  PRODUCT(product_wide_8##suffix, 2, 1, 2, false, norm, 2) \
  PRODUCT(product_wide_16##suffix, 4, 2, 1, false, norm, 2) \
  PRODUCT(product_wide_32##suffix, 4, 4, 1, false, norm, 1) \
  PRODUCT(product_wide_64##suffix, 4, 8, 1, false, norm, 1) \
  PRODUCT(product_gated_8##suffix, 2, 1, 2, true, norm, 2) \
  PRODUCT(product_gated_16##suffix, 2, 2, 1, true, norm, 2) \
  PRODUCT(product_gated_32##suffix, 2, 4, 1, true, norm, 2) \
  PRODUCT(product_gated_64##suffix, 2, 8, 1, true, norm, 1)
PRODUCTS(, false, 3)
PRODUCTS(_root, true, 2)

// x = embedding[token]: bfloat16, or float if half is 0.
__device__ __forceinline__ void embedRow(const void* embedding, int half, int width, int token, float* x) {
  const long long from = (long long)max(token, 0) * width; // −1: no logit was a number, which the host reports
  for (int i = threadIdx.x; i < width; i += blockDim.x)
    x[i] = half ? __uint_as_float((unsigned)((const unsigned short*)embedding)[from + i] << 16) : ((const float*)embedding)[from + i];
}

// Grid (rows), any block.
extern "C" __global__ void embed(const void* embedding, int half, int width, const int* tokens, float* x, int xStride) {
  letNextBegin();
  waitForInputs();
  embedRow(embedding, half, width, tokens[blockIdx.x], x + (long long)blockIdx.x * xStride);
}

// The same, with each row's position, which a sequence's state begins with, and the cosines and sines of its rotation: (rows, 2·pairs).
extern "C" __global__ void embed_at(
    const void* embedding, int half, int width, const int* tokens, float* x, int xStride, float* const* states, int steps, const float* frequencies, int pairs,
    int* positions, float* angles) {
  letNextBegin();
  waitForInputs();
  const int b = blockIdx.x, position = *(const int*)states[b / steps] + b % steps;
  embedRow(embedding, half, width, tokens[b], x + (long long)b * xStride);
  if (threadIdx.x == 0) positions[b] = position;
  for (int i = threadIdx.x; i < pairs; i += blockDim.x) {
    const float angle = position * frequencies[i];
    angles[(long long)b * 2 * pairs + i] = cosf(angle);
    angles[(long long)b * 2 * pairs + pairs + i] = sinf(angle);
  }
}

// y = (x − mean) / √(variance + eps) · scale. Grid (rows), whole warps; shared: width floats.
extern "C" __global__ void layer_norm(const float* x, int xStride, const float* scale, float* y, int yStride, int width) {
  extern __shared__ float values[];
  letNextBegin();
  waitForInputs();
  for (int i = threadIdx.x; i < width; i += blockDim.x) values[i] = x[(long long)blockIdx.x * xStride + i];
  __syncthreads();
  const float2 m = moments(values, width);
  for (int i = threadIdx.x; i < width; i += blockDim.x) y[(long long)blockIdx.x * yStride + i] = (values[i] - m.x) * m.y * scale[i];
}
