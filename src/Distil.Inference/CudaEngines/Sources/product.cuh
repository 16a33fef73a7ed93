// out = W·x (+ out) for 1 to 64 rows x: W is read once from memory, in bfloat16; x and out are float.
//
// Tensor cores multiply 16 outputs by 8 rows. x is split into two bfloat16 numbers, of which the sum has 16 bits of x, so that only W's own rounding counts.
// Eight warps share the inputs of a tile of outputs: chunk c of 64 inputs belongs to warp c mod 8. The order of additions depends neither on the number of rows
// nor on the tile, so a sequence gets the same bits alone and among others.
#pragma once
#include "rows.cuh"

#define WARPS 8
#define CHUNK 64

__device__ __forceinline__ uint4 loadOnce(const unsigned short* address) {
  uint4 x;
  asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w) : "l"(address));
  return x;
}

__device__ __forceinline__ void multiply(float (&sum)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// The upper halves of two floats, the first in the low half of the register.
__device__ __forceinline__ unsigned upper(float a, float b) { return __byte_perm(__float_as_uint(a), __float_as_uint(b), 0x7632); }

// What the upper halves leave, rounded to bfloat16.
__device__ __forceinline__ unsigned lower(float a, float b) {
  const float x = a - __uint_as_float(__float_as_uint(a) & 0xffff0000u), y = b - __uint_as_float(__float_as_uint(b) & 0xffff0000u);
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(y), "f"(x));
  return pair;
}

// Which inputs a lane holds: the 8 from 8·(lane mod 4) on of each half of a chunk, for W and x alike, so that every load is of 16 bytes. The hardware's own
// order of inputs inside a product does not matter, because both sides are permuted in the same way.
struct Inputs {
  unsigned high[2][4], low[2][4];
  // With NORM, x is multiplied by scale, and the squares of x are added up.
  template <bool NORM>
  __device__ __forceinline__ void load(const float* x, bool present, const float* scale, float& squares) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float4 a = present ? *(const float4*)(x + 32 * half) : make_float4(0, 0, 0, 0);
      float4 b = present ? *(const float4*)(x + 32 * half + 4) : make_float4(0, 0, 0, 0);
      if (NORM) {
        squares = fmaf(a.x, a.x, fmaf(a.y, a.y, fmaf(a.z, a.z, fmaf(a.w, a.w, squares))));
        squares = fmaf(b.x, b.x, fmaf(b.y, b.y, fmaf(b.z, b.z, fmaf(b.w, b.w, squares))));
        const float4 s = *(const float4*)(scale + 32 * half), t = *(const float4*)(scale + 32 * half + 4);
        a.x *= s.x; a.y *= s.y; a.z *= s.z; a.w *= s.w;
        b.x *= t.x; b.y *= t.y; b.z *= t.z; b.w *= t.w;
      }
      high[half][0] = upper(a.x, a.y); high[half][1] = upper(a.z, a.w); high[half][2] = upper(b.x, b.y); high[half][3] = upper(b.z, b.w);
      low[half][0] = lower(a.x, a.y); low[half][1] = lower(a.z, a.w); low[half][2] = lower(b.x, b.y); low[half][3] = lower(b.z, b.w);
    }
  }
};

struct Product {
  const unsigned short* weights; // (outputs, stride), a multiple of 64 with zeros behind the inputs; for a gated product (2·outputs, stride): gate, then up
  long long stride;
  int outputs;
  const float* x; // (rows, xStride), as long as W's rows and zero there
  int xStride, rows;
  const float* scale; // of a root-mean-square norm of x, as long as W's rows
  float epsilon;      // of that norm
  int width;          // values of a row of x
  const float* bias;  // (outputs), or (2·outputs) of a gated product; null for none
  float* out;         // (rows, outStride)
  long long outStride;
  int add;        // whether the product is added to out
  int activation; // of a gated product
};

__device__ __forceinline__ float activate(float x, int kind) {
  switch (kind) {
    case 0: return x * normcdff(x);                                                          // gelu
    case 1: return fmaxf(x, 0.f);                                                            // relu
    case 2: return fmaxf(x, 0.f) * fmaxf(x, 0.f);                                            // relu^2
    case 3: return sigmoid(x);                                                               // sigmoid
    case 4: return x * sigmoid(x);                                                           // swish
    default: return 1.0507009873554805f * (x < 0 ? 1.6732632423543772f * (expf(x) - 1.f) : x); // selu
  }
}

// TILES of 16 outputs a block; ROWS: tiles of 8 rows; AHEAD: chunks of W that a warp loads at once. 256 threads. Of a gated product, a block computes one tile of
// gates and that of up: out = activation(gate)·up. With NORM, W multiplies the norm of x: its factor, which every block computes, is applied to the sums.
template <int TILES, int ROWS, int AHEAD, bool GATED, bool NORM>
__device__ __forceinline__ void product(const Product p) {
  __shared__ float parts[WARPS][8 * ROWS][16];
  __shared__ float squaresOf[NORM ? WARPS : 1][8 * ROWS];
  const unsigned short* weights = p.weights;
  const long long stride = p.stride;
  const int outputs = p.outputs, rows = p.rows;
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, group = lane >> 2, at = 8 * (lane & 3), first = blockIdx.x * 16 * (GATED ? 1 : TILES);
  const int chunks = (int)(stride / CHUNK);
  const unsigned short* w[TILES][2];
#pragma unroll
  for (int tile = 0; tile < TILES; tile++)
#pragma unroll
    for (int i = 0; i < 2; i++) w[tile][i] =
        weights + (GATED ? tile * outputs + min(first + 8 * i + group, outputs - 1) : min(first + 16 * tile + 8 * i + group, outputs - 1)) * stride + at;

  float sums[TILES][ROWS][4] = {}, squares[ROWS] = {};
  letNextBegin();
  for (int from = warp, turn = 0; turn == 0 || from < chunks; from += WARPS * AHEAD, turn++) {
    uint4 a[AHEAD][TILES][2][2];
#pragma unroll
    for (int i = 0; i < AHEAD; i++)
      if (from + i * WARPS < chunks)
#pragma unroll
        for (int tile = 0; tile < TILES; tile++)
#pragma unroll
          for (int half = 0; half < 2; half++)
#pragma unroll
            for (int r = 0; r < 2; r++) a[i][tile][half][r] = loadOnce(w[tile][r] + (from + i * WARPS) * CHUNK + 32 * half);
    if (turn == 0) waitForInputs();
#pragma unroll
    for (int i = 0; i < AHEAD; i++)
      if (from + i * WARPS < chunks)
#pragma unroll
        for (int row = 0; row < ROWS; row++) {
          const int b = 8 * row + group;
          Inputs in;
          const int input = (from + i * WARPS) * CHUNK + at;
          in.load<NORM>(p.x + (long long)b * p.xStride + input, b < rows, p.scale + input, squares[row]);
#pragma unroll
          for (int tile = 0; tile < TILES; tile++)
#pragma unroll
            for (int half = 0; half < 2; half++) {
              const uint4 &u = a[i][tile][half][0], &v = a[i][tile][half][1];
              multiply(sums[tile][row], u.x, v.x, u.y, v.y, in.high[half][0], in.high[half][1]);
              multiply(sums[tile][row], u.z, v.z, u.w, v.w, in.high[half][2], in.high[half][3]);
              multiply(sums[tile][row], u.x, v.x, u.y, v.y, in.low[half][0], in.low[half][1]);
              multiply(sums[tile][row], u.z, v.z, u.w, v.w, in.low[half][2], in.low[half][3]);
            }
        }
  }

  if (NORM)
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
      float sum = squares[row];
      sum += __shfl_xor_sync(0xffffffffu, sum, 1);
      sum += __shfl_xor_sync(0xffffffffu, sum, 2);
      if ((lane & 3) == 0) squaresOf[warp][8 * row + group] = sum;
    }
  float gates[(ROWS + 1) / 2];
#pragma unroll
  for (int tile = 0; tile < TILES; tile++) {
    __syncthreads();
#pragma unroll
    for (int row = 0; row < ROWS; row++)
#pragma unroll
      for (int i = 0; i < 4; i++) parts[warp][8 * row + 2 * (lane & 3) + (i & 1)][group + 8 * (i >> 1)] = sums[tile][row][i];
    __syncthreads();
#pragma unroll
    for (int turn = 0; turn < (ROWS + 1) / 2; turn++) {
      const int i = threadIdx.x + 32 * WARPS * turn, output = first + (GATED ? 0 : 16 * tile) + (i & 15), b = i >> 4;
      if (b >= rows || output >= outputs) continue;
      float sum = 0;
#pragma unroll
      for (int part = 0; part < WARPS; part++) sum += parts[part][b][i & 15];
      if (NORM) {
        float total = 0;
#pragma unroll
        for (int part = 0; part < WARPS; part++) total += squaresOf[part][b];
        sum *= 1.f / sqrtf(total / p.width + p.epsilon);
      }
      if (p.bias) sum += p.bias[GATED ? tile * outputs + output : output];
      float* to = p.out + b * p.outStride + output;
      if (GATED && tile == 0) gates[turn] = activate(sum, p.activation);
      else *to = GATED ? gates[turn] * sum : p.add ? *to + sum : sum;
    }
  }
}
