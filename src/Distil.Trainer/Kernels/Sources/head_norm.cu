// A norm of each head by itself, added to the float residual stream: x + norm(h)·(1 + w). A warp takes a head of a position.
//   HEAD_SIZE  DH, even.
#include "bfloat16.cuh"
#include "activations.cuh"

#define WARPS 8
#define PAIRS ((HEAD_SIZE + 63) / 64)
#define EACH_PAIR _Pragma("unroll") for (int i = 0, d = 2 * lane; i < PAIRS; i++, d += 64) if (d < HEAD_SIZE)

// A head's values, and their mean and 1/deviation.
struct Head {
  float2 x[PAIRS];
  float mean, scale;
  __device__ Head(const bf16* h, int lane, float epsilon) {
    float sum = 0;
    EACH_PAIR {
      const unsigned pair = *(const unsigned*)(h + d);
      x[i] = make_float2(lowFloat(pair), highFloat(pair));
      sum += x[i].x + x[i].y;
    }
    mean = warpSum(sum) / HEAD_SIZE;
    sum = 0;
    EACH_PAIR { const float a = x[i].x - mean, b = x[i].y - mean; sum += a * a + b * b; }
    scale = rsqrtf(warpSum(sum) / HEAD_SIZE + epsilon);
  }
};

// x, y: float (N, NH·DH). h: bf16 (N, NH, DH). weight: float (NH·DH). items: N·NH. Grid (⌈items/8⌉), 256 threads.
extern "C" __global__ void head_norm_forward(const float* x, const bf16* h, const float* weight, float* y, long long items, int heads, float epsilon) {
  const int lane = threadIdx.x & 31;
  const long long item = (long long)blockIdx.x * WARPS + (threadIdx.x >> 5);
  if (item >= items) return;
  const Head head(h + item * HEAD_SIZE, lane, epsilon);
  const float* w = weight + item % heads * HEAD_SIZE;
  EACH_PAIR {
    const float2 before = *(const float2*)(x + item * HEAD_SIZE + d), g = *(const float2*)(w + d);
    *(float2*)(y + item * HEAD_SIZE + d) = make_float2(before.x + (head.x[i].x - head.mean) * head.scale * (1.f + g.x), before.y + (head.x[i].y - head.mean) * head.scale * (1.f + g.y));
  }
}

// gradient: float (N, NH·DH). dh: bf16 (N, NH, DH). partial: float (gridDim.y, NH·DH), parts of the weight's gradient. Grid (NH, any), 256 threads.
extern "C" __global__ void __launch_bounds__(32 * WARPS) head_norm_backward(
    const float* gradient, const bf16* h, const float* weight, bf16* dh, float* partial, int rows, int heads, float epsilon) {
  __shared__ float shared[WARPS][HEAD_SIZE];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  float2 w[PAIRS], dW[PAIRS];
  EACH_PAIR { w[i] = *(const float2*)(weight + blockIdx.x * HEAD_SIZE + d); dW[i] = make_float2(0, 0); }
  for (long long row = blockIdx.y * WARPS + warp; row < rows; row += gridDim.y * WARPS) {
    const long long at = (row * heads + blockIdx.x) * HEAD_SIZE;
    const Head head(h + at, lane, epsilon);
    float2 dy[PAIRS];
    float s1 = 0, s2 = 0;
    EACH_PAIR {
      const float2 g = *(const float2*)(gradient + at + d);
      const float n0 = (head.x[i].x - head.mean) * head.scale, n1 = (head.x[i].y - head.mean) * head.scale;
      dW[i].x += g.x * n0; dW[i].y += g.y * n1;
      dy[i] = make_float2(g.x * (1.f + w[i].x), g.y * (1.f + w[i].y));
      s1 += dy[i].x + dy[i].y; s2 += dy[i].x * n0 + dy[i].y * n1;
    }
    s1 = warpSum(s1) / HEAD_SIZE; s2 = warpSum(s2) / HEAD_SIZE;
    EACH_PAIR {
      *(unsigned*)(dh + at + d) = toPair(
          (dy[i].x - s1 - (head.x[i].x - head.mean) * head.scale * s2) * head.scale, (dy[i].y - s1 - (head.x[i].y - head.mean) * head.scale * s2) * head.scale);
    }
  }
  EACH_PAIR *(float2*)&shared[warp][d] = dW[i];
  __syncthreads();
  for (int d = threadIdx.x; d < HEAD_SIZE; d += 32 * WARPS) {
    float sum = 0;
#pragma unroll
    for (int v = 0; v < WARPS; v++) sum += shared[v][d];
    partial[(long long)blockIdx.y * heads * HEAD_SIZE + blockIdx.x * HEAD_SIZE + d] = sum;
  }
}
