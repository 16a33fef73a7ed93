// One decoding step of a student: a token for each of 1 to 64 sequences. Products with large matrices, norms, embedding; the blocks' own parts are included.
#include "product.cuh"
#include "mlstm.cuh"
#include "slstm.cuh"
#include "choice.cuh"

#define PRODUCT(name, tiles, rowTiles, ahead, blocks) \
  extern "C" __global__ void __launch_bounds__(32 * WARPS, blocks) name( \
      const unsigned short* weights, long long stride, int outputs, const float* x, int xStride, int rows, float* out, long long outStride, int add) { \
    product<tiles, rowTiles, ahead>(weights, stride, outputs, x, xStride, rows, out, outStride, add != 0); \
  }

// By the number of rows; grid (⌈outputs / (16·tiles)⌉).
PRODUCT(product_8, 1, 1, 3, 2)
PRODUCT(product_16, 1, 2, 3, 2)
PRODUCT(product_32, 1, 4, 2, 2)
PRODUCT(product_64, 1, 8, 2, 2)
// For many outputs: rows are read once for more of them.
PRODUCT(product_wide_8, 2, 1, 2, 2)
PRODUCT(product_wide_16, 4, 2, 1, 2)
PRODUCT(product_wide_32, 4, 4, 1, 2)
PRODUCT(product_wide_64, 4, 8, 1, 1)

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

// y = activation(gate)·up, where u is gate, then up. Grid (⌈width / threads⌉, rows).
extern "C" __global__ void activate(const float* u, int uStride, float* y, int yStride, int width, int kind) {
  letNextBegin();
  waitForInputs();
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= width) return;
  const float gate = u[(long long)blockIdx.y * uStride + i], up = u[(long long)blockIdx.y * uStride + width + i];
  float a;
  switch (kind) {
    case 0: a = gate * normcdff(gate); break;                                                       // gelu
    case 1: a = fmaxf(gate, 0.f); break;                                                            // relu
    case 2: a = fmaxf(gate, 0.f) * fmaxf(gate, 0.f); break;                                         // relu^2
    case 3: a = sigmoid(gate); break;                                                               // sigmoid
    case 4: a = gate * sigmoid(gate); break;                                                        // swish
    default: a = 1.0507009873554805f * (gate < 0 ? 1.6732632423543772f * (expf(gate) - 1.f) : gate); // selu
  }
  y[(long long)blockIdx.y * yStride + i] = a * up;
}
