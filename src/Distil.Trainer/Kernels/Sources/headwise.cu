// Projections of the mLSTM's q, k and v: block-diagonal matrices, each block of channels by itself, from (B, S, I) into the heads' layout (B, NH, P, DH);
// and the gates' weights carried through them: q = Wq·c, so that a gate's weights times Wq weigh c itself.
//   BLOCK      channels in a block, 16 or 32; divides HEAD_SIZE.       HEAD_SIZE  DH.
#include "tensorcore.cuh"

#define K_STEPS (BLOCK / 16)
#define COLUMNS (BLOCK / 8)
#define ROW (2 * BLOCK + 16)         // bytes of a row in shared memory; the padding keeps banks apart
#define TILE (16 * ROW)
#define POSITIONS 64                 // of a block, forward
#define BACK_WARPS 4
#define EACH_FRAGMENT /* of the weights of q, k and v */ \
  _Pragma("unroll") for (int m = 0; m < 3; m++) _Pragma("unroll") for (int s = 0; s < K_STEPS; s++) _Pragma("unroll") for (int n = 0; n < COLUMNS; n++)

typedef unsigned Matrix[K_STEPS][COLUMNS][2];  // a warp's fragments of one block's matrix

struct Channel {
  int lane, r, column, head, d;
  __device__ Channel(int block) : lane(threadIdx.x & 31), r(lane >> 2), column((lane & 3) * 2), head(block * BLOCK / HEAD_SIZE), d(block * BLOCK % HEAD_SIZE) {}
};

// c, x: bf16 (B, S, I), rows cStride and xStride apart. Weights: float (blocks, out, in), those of q and k in two parts, so that rounding takes next to nothing off them. q, k, v: bf16 (B, NH, P, DH), 0 past S. Grid (⌈blocks/8⌉, P/64, B), 256 threads.
extern "C" __global__ void __launch_bounds__(256) headwise_forward(
    const bf16* c, const bf16* x, const float* qWeight, const float* kWeight, const float* vWeight, bf16* q, bf16* k, bf16* v, int blocks, int length, int padded,
    long long cStride, long long xStride) {
  const int block = blockIdx.x * 8 + (threadIdx.x >> 5);
  if (block >= blocks) return;
  const Channel at(block);
  const float* weights[3] = {qWeight, kWeight, vWeight};
  Matrix W[3], rest[2];
  EACH_FRAGMENT {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      const float* w = weights[m] + ((long long)block * BLOCK + n * 8 + at.r) * BLOCK + s * 16 + at.column + 8 * half;
      const unsigned pair = W[m][s][n][half] = toPair(w[0], w[1]);
      if (m < 2) rest[m][s][n][half] = toPair(w[0] - lowFloat(pair), w[1] - highFloat(pair));
    }
  }
  const int heads = blocks * BLOCK / HEAD_SIZE;
  bf16* out[3] = {q, k, v};
  for (int tile = 0; tile < POSITIONS / 16; tile++) {
    const int t = blockIdx.y * POSITIONS + tile * 16 + at.r;
    if (t - at.r >= padded) return;
    unsigned A[2][K_STEPS][4];  // of c, of x
#pragma unroll
    for (int from = 0; from < 2; from++) {
      const bf16* row = (from ? x : c) + ((long long)blockIdx.z * length + t) * (from ? xStride : cStride) + block * BLOCK + at.column;
      const long long below = 8 * (from ? xStride : cStride);
#pragma unroll
      for (int s = 0; s < K_STEPS; s++) {
        A[from][s][0] = t < length ? *(const unsigned*)(row + s * 16) : 0;
        A[from][s][1] = t + 8 < length ? *(const unsigned*)(row + s * 16 + below) : 0;
        A[from][s][2] = t < length ? *(const unsigned*)(row + s * 16 + 8) : 0;
        A[from][s][3] = t + 8 < length ? *(const unsigned*)(row + s * 16 + 8 + below) : 0;
      }
    }
#pragma unroll
    for (int m = 0; m < 3; m++) {
      bf16* to = out[m] + (((long long)blockIdx.z * heads + at.head) * padded + t) * HEAD_SIZE + at.d + at.column;
#pragma unroll
      for (int n = 0; n < COLUMNS; n++) {
        float sum[4] = {0, 0, 0, 0};
#pragma unroll
        for (int s = 0; s < K_STEPS; s++) {
          product(sum, A[m == 2][s], W[m][s][n][0], W[m][s][n][1]);
          if (m < 2) product(sum, A[0][s], rest[m][s][n][0], rest[m][s][n][1]);
        }
        *(unsigned*)(to + n * 8) = toPair(sum[0], sum[1]);
        *(unsigned*)(to + n * 8 + 8 * HEAD_SIZE) = toPair(sum[2], sum[3]);
      }
    }
  }
}

// dc += dq·Wq + dk·Wk, dx += dv·Wv, and the weights' gradients over the block row's share of the positions.
// dq, dk, dv: bf16 (B, NH, P, DH). dc, dx: bf16 (B, S, I), read and written. partial: float (gridDim.y, 3, blocks, out, in).
// A warp a block of channels; grid (⌈blocks/4⌉, any), 128 threads.
extern "C" __global__ void __launch_bounds__(32 * BACK_WARPS) headwise_backward(
    const bf16* dq, const bf16* dk, const bf16* dv, const bf16* c, const bf16* x, const float* qWeight, const float* kWeight, const float* vWeight, bf16* dc, bf16* dx,
    float* partial, int blocks, int batch, int length, int padded, long long cStride, long long xStride) {
  __shared__ __align__(16) unsigned char shared[BACK_WARPS][5][TILE];
  const int warp = threadIdx.x >> 5, block = blockIdx.x * BACK_WARPS + warp;
  if (block >= blocks) return;
  const Channel at(block);
  const int heads = blocks * BLOCK / HEAD_SIZE, inner = blocks * BLOCK;
  const float* weights[3] = {qWeight, kWeight, vWeight};
  Matrix W[3];  // this time from out to in
  EACH_FRAGMENT {
    const float* w = weights[m] + ((long long)block * BLOCK + s * 16 + at.column) * BLOCK + n * 8 + at.r;
    W[m][s][n][0] = toPair(w[0], w[BLOCK]);
    W[m][s][n][1] = toPair(w[8 * BLOCK], w[9 * BLOCK]);
  }
  float dW[3][K_STEPS][COLUMNS][4] = {};
  const long long positions = (long long)batch * length;
  const long long share = (positions + 16 * gridDim.y - 1) / (16 * gridDim.y) * 16, first = blockIdx.y * share, last = first + share < positions ? first + share : positions;
  unsigned char(*mine)[TILE] = shared[warp];
  const unsigned base = sharedAddress(mine);
  for (long long p = first; p < last; p += 16) {
    __syncwarp();
#pragma unroll
    for (int i = 0; i < BLOCK / 16; i++) {
      const int row = (at.lane + i * 32) / (BLOCK / 8), chunk = (at.lane + i * 32) % (BLOCK / 8);
      const long long position = p + row;
      const long long b = position / length, t = position % length;
      const long long inHead = ((b * heads + at.head) * padded + t) * HEAD_SIZE + at.d + chunk * 8, channel = (long long)block * BLOCK + chunk * 8;
      const bool real = position < last;
      const uint4 none = make_uint4(0, 0, 0, 0);
      const int to = row * ROW + chunk * 16;
      *(uint4*)(mine[0] + to) = real ? *(const uint4*)(dq + inHead) : none;
      *(uint4*)(mine[1] + to) = real ? *(const uint4*)(dk + inHead) : none;
      *(uint4*)(mine[2] + to) = real ? *(const uint4*)(dv + inHead) : none;
      *(uint4*)(mine[3] + to) = real ? *(const uint4*)(c + position * cStride + channel) : none;
      *(uint4*)(mine[4] + to) = real ? *(const uint4*)(x + position * xStride + channel) : none;
    }
    __syncwarp();

    // To the inputs: rows of positions times W.
    const unsigned straight = ((at.lane & 7) + ((at.lane >> 3) & 1) * 8) * ROW + (at.lane >> 4) * 16;
#pragma unroll
    for (int target = 0; target < 2; target++) {
      float sum[COLUMNS][4];
      bf16* to = (target ? dx : dc) + (p + at.r) * inner + block * BLOCK + at.column;
      const bool upper = p + at.r < last, lower = p + at.r + 8 < last;
#pragma unroll
      for (int n = 0; n < COLUMNS; n++) {
        const unsigned above = upper ? *(const unsigned*)(to + n * 8) : 0, below = lower ? *(const unsigned*)(to + n * 8 + 8LL * inner) : 0;
        sum[n][0] = lowFloat(above); sum[n][1] = highFloat(above); sum[n][2] = lowFloat(below); sum[n][3] = highFloat(below);
      }
#pragma unroll
      for (int m = target ? 2 : 0; m < (target ? 3 : 2); m++) {
#pragma unroll
        for (int s = 0; s < K_STEPS; s++) {
          unsigned A[4];
          loadMatrices(A, base + m * TILE + straight + s * 32);
#pragma unroll
          for (int n = 0; n < COLUMNS; n++) product(sum[n], A, W[m][s][n][0], W[m][s][n][1]);
        }
      }
#pragma unroll
      for (int n = 0; n < COLUMNS; n++) {
        if (upper) *(unsigned*)(to + n * 8) = toPair(sum[n][0], sum[n][1]);
        if (lower) *(unsigned*)(to + n * 8 + 8LL * inner) = toPair(sum[n][2], sum[n][3]);
      }
    }

    // To the weights: the gradient's columns times the inputs' columns, over these positions.
    const unsigned turnedA = ((at.lane & 7) + (at.lane >> 4) * 8) * ROW + ((at.lane >> 3) & 1) * 16;
    unsigned B[2][2 * COLUMNS];
#pragma unroll
    for (int from = 0; from < 2; from++) {
#pragma unroll
      for (int n = 0; n < COLUMNS; n += 2) loadTransposed(&B[from][2 * n], base + (3 + from) * TILE + straight + n * 16);
    }
#pragma unroll
    for (int m = 0; m < 3; m++) {
#pragma unroll
      for (int s = 0; s < K_STEPS; s++) {
        unsigned A[4];
        loadTransposed(A, base + m * TILE + turnedA + s * 32);
#pragma unroll
        for (int n = 0; n < COLUMNS; n++) product(dW[m][s][n], A, B[m == 2][2 * n], B[m == 2][2 * n + 1]);
      }
    }
  }
#pragma unroll
  for (int m = 0; m < 3; m++) {
#pragma unroll
    for (int s = 0; s < K_STEPS; s++) {
#pragma unroll
      for (int n = 0; n < COLUMNS; n++) {
        float* to = partial + ((((long long)blockIdx.y * 3 + m) * blocks + block) * BLOCK + s * 16 + at.r) * BLOCK + n * 8 + at.column;
        *(float2*)to = make_float2(dW[m][s][n][0], dW[m][s][n][1]);
        *(float2*)(to + 8 * BLOCK) = make_float2(dW[m][s][n][2], dW[m][s][n][3]);
      }
    }
  }
}

// Weights of the gates over c and over x: i of all heads, then f. inputGate, forgetGate: float (NH, 3·I), over q, k and v. composed: bf16 (2, 2·NH, I). A thread a value.
extern "C" __global__ void gate_weights(
    const float* inputGate, const float* forgetGate, const float* qWeight, const float* kWeight, const float* vWeight, bf16* composed, int heads, int inner) {
  const int at = blockIdx.x * blockDim.x + threadIdx.x, from = blockIdx.y;
  if (at >= 2 * heads * inner) return;
  const int gate = at / inner, channel = at % inner, block = channel / BLOCK, i = channel % BLOCK;
  const float* g = (gate < heads ? inputGate + (long long)gate * 3 * inner : forgetGate + (long long)(gate - heads) * 3 * inner) + block * BLOCK;
  float sum = 0;
  for (int o = 0; o < BLOCK; o++) {
    const long long w = ((long long)block * BLOCK + o) * BLOCK + i;
    sum += from ? g[2 * inner + o] * vWeight[w] : g[o] * qWeight[w] + g[inner + o] * kWeight[w];
  }
  composed[(long long)from * 2 * heads * inner + at] = toBf16(sum);
}

// The backward pass from d composed: bf16 (2, 2·NH, I), to the gates' weights, dGates: float (2·NH, 3·I), and, added, to the projections', dWeights: float (3, blocks, out, in).
// Threads first of dGates, then of dWeights.
extern "C" __global__ void gate_weights_backward(
    const bf16* dComposed, const float* inputGate, const float* forgetGate, const float* qWeight, const float* kWeight, const float* vWeight, float* dGates, float* dWeights,
    int heads, int inner) {
  long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  const long long gates = 2LL * heads * 3 * inner;
  float sum = 0;
  if (at < gates) {
    const int gate = at / (3 * inner), matrix = at % (3 * inner) / inner, channel = at % inner, block = channel / BLOCK;
    const bf16* d = dComposed + ((long long)(matrix == 2) * 2 * heads + gate) * inner + block * BLOCK;
    const float* w = (matrix == 0 ? qWeight : matrix == 1 ? kWeight : vWeight) + ((long long)block * BLOCK + channel % BLOCK) * BLOCK;
    for (int i = 0; i < BLOCK; i++) sum += toFloat(d[i]) * w[i];
    dGates[at] = sum;
    return;
  }
  at -= gates;
  if (at >= 3LL * inner * BLOCK) return;
  const int matrix = at / (inner * BLOCK), rest = at % (inner * BLOCK), o = rest / BLOCK, block = o / BLOCK, i = rest % BLOCK;
  for (int gate = 0; gate < 2 * heads; gate++) {
    const float* g = gate < heads ? inputGate + (long long)gate * 3 * inner : forgetGate + (long long)(gate - heads) * 3 * inner;
    sum += g[matrix * inner + o] * toFloat(dComposed[((long long)(matrix == 2) * 2 * heads + gate) * inner + block * BLOCK + i]);
  }
  dWeights[at] += sum;
}
