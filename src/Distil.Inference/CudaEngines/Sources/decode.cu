// One decoding step of a student: a token for each of 1 to 64 sequences. Products with large matrices, norms, embedding; the blocks' own parts are included.
#include "product.cuh"
#include "mlstm.cuh"
#include "slstm.cuh"
#include "choice.cuh"

#define PRODUCT(name, tiles, rowTiles, ahead, gated, blocks) \
  extern "C" __global__ void __launch_bounds__(32 * WARPS, blocks) name( \
      const unsigned short* weights, long long stride, int outputs, const float* x, int xStride, int rows, float* out, long long outStride, int add, \
      int activation) { \
    product<tiles, rowTiles, ahead, gated>({weights, stride, outputs, x, xStride, rows, out, outStride, add, activation}); \
  }

// By the number of rows; grid (⌈outputs / (16·tiles)⌉).
PRODUCT(product_8, 1, 1, 3, false, 2)
PRODUCT(product_16, 1, 2, 3, false, 2)
PRODUCT(product_32, 1, 4, 2, false, 2)
PRODUCT(product_64, 1, 8, 2, false, 2)
// For many outputs: rows are read once for more of them.
PRODUCT(product_wide_8, 2, 1, 2, false, 2)
PRODUCT(product_wide_16, 4, 2, 1, false, 2)
PRODUCT(product_wide_32, 4, 4, 1, false, 1)
PRODUCT(product_wide_64, 4, 8, 1, false, 1)
// Grid (⌈outputs / 16⌉).
PRODUCT(product_gated_8, 2, 1, 2, true, 2)
PRODUCT(product_gated_16, 2, 2, 1, true, 2)
PRODUCT(product_gated_32, 2, 4, 1, true, 2)
PRODUCT(product_gated_64, 2, 8, 1, true, 1)

// x = embedding[token]: bfloat16, or float if half is 0. Grid (rows), any block.
extern "C" __global__ void embed(const void* embedding, int half, int width, const int* tokens, float* x, int xStride) {
  letNextBegin();
  waitForInputs();
  const long long from = (long long)max(tokens[blockIdx.x], 0) * width; // −1: no logit was a number, which the host reports
  for (int i = threadIdx.x; i < width; i += blockDim.x)
    x[(long long)blockIdx.x * xStride + i] =
        half ? __uint_as_float((unsigned)((const unsigned short*)embedding)[from + i] << 16) : ((const float*)embedding)[from + i];
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
