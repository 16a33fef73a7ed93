// The elementwise parts of the chunkwise mLSTM (TFLA, arXiv 2503.14376); the products between them are cuBLAS's. The forms and names are MLstmCudaCell's.
//   HEAD_SIZE  DH, a multiple of 32.       CHUNK  L, a multiple of 32, at most 1,024.
// A "row" is a position of a head of a batch row: rows = B·NH·P, P the length rounded up to whole chunks (N of them).
//   source a(s) = i(s) − F(s), F the log of what has been forgotten since the chunk began; peak u(t) = max(max a(≤ t), M), M the carried stabiliser;
//   the stabiliser of t is m = F + u, so a pair (t, s) weighs exp(a(s) − u(t)), the carried state exp(M − u(t)), a key at its chunk's end exp(a(s) − M').
#include "bfloat16.cuh"
#include "activations.cuh"

#define WARPS 8
#define PAIRS ((HEAD_SIZE + 63) / 64)
#define TILE 32
#define SCORES ((CHUNK + 63) / 64)
#define EACH_SCORE _Pragma("unroll") for (int j = 0, s = 2 * lane; j < SCORES; j++, s += 64) if (s < CHUNK)
#define EACH_PAIR _Pragma("unroll") for (int i = 0, d = 2 * lane; i < PAIRS; i++, d += 64) if (d < HEAD_SIZE)

// Inclusive scan over the block's CHUNK threads, a sum or a maximum; `shared` has 32 places.
template <bool Maximum> __device__ __forceinline__ float scan(float x, float* shared) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  x = warpScan<Maximum>(x);
  __syncthreads();
  if (lane == 31) shared[warp] = x;
  __syncthreads();
  for (int w = 0; w < warp; w++) x = Maximum ? fmaxf(x, shared[w]) : x + shared[w];
  return x;
}

// A gate's pre-activation: what c gives, what x gives and its bias.
struct Gates {
  const bf16 *ofC, *ofX;  // (B, S, 2·NH), i of all heads, then f
  float inputBias, forgetBias;
  int heads, head;
  __device__ float input(long long position) const { return toFloat(ofC[position * 2 * heads + head]) + toFloat(ofX[position * 2 * heads + head]) + inputBias; }
  __device__ float forget(long long position) const { return toFloat(ofC[(position * 2 + 1) * heads + head]) + toFloat(ofX[(position * 2 + 1) * heads + head]) + forgetBias; }
};

// The results float: (rows) each, keep (B·NH, N). Grid (B·NH), CHUNK threads.
extern "C" __global__ void __launch_bounds__(CHUNK) mlstm_gates(
    const bf16* ofC, const bf16* ofX, const float* inputBias, const float* forgetBias, float* source, float* peak, float* floors, float* carried, float* written, float* keep, int heads, int length, int chunks) {
  __shared__ float shared[32], last[2];
  const int b = blockIdx.x / heads, head = blockIdx.x % heads;
  const Gates gates = {ofC, ofX, inputBias[head], forgetBias[head], heads, head};
  float M = 0;
  for (int n = 0; n < chunks; n++) {
    const int t = n * CHUNK + threadIdx.x;
    const bool real = t < length;  // past the end nothing is written and nothing forgotten
    const long long position = (long long)b * length + t;
    const float F = scan<false>(real ? logSigmoid(gates.forget(position)) : 0.f, shared);
    const float a = real ? gates.input(position) - F : -1e30f;
    const float top = scan<true>(a, shared);
    if (threadIdx.x == CHUNK - 1) { last[0] = F; last[1] = top; }
    __syncthreads();
    const float u = fmaxf(top, M), end = fmaxf(last[1], M);
    const long long at = (long long)blockIdx.x * chunks * CHUNK + t;
    source[at] = a; peak[at] = u; floors[at] = __expf(-F - u); carried[at] = __expf(M - u); written[at] = __expf(a - end);
    if (threadIdx.x == 0) keep[blockIdx.x * chunks + n] = __expf(M - end);
    M = last[0] + end;
  }
}

// Keys as they count at their chunk's end, and their sums. k, keys: bf16 (rows, DH). sums: float (B·NH, N, DH). Grid (N, B·NH), DH/2 threads.
extern "C" __global__ void mlstm_keys(const bf16* k, const float* written, bf16* keys, float* sums, float scale) {
  const int d = 2 * threadIdx.x;
  const long long chunk = (long long)blockIdx.y * gridDim.x + blockIdx.x;
  float s0 = 0, s1 = 0;
#pragma unroll 8
  for (int t = 0; t < CHUNK; t++) {
    const float w = written[chunk * CHUNK + t] * scale;
    const unsigned pair = *(const unsigned*)(k + (chunk * CHUNK + t) * HEAD_SIZE + d);
    const float x = lowFloat(pair) * w, y = highFloat(pair) * w;
    *(unsigned*)(keys + (chunk * CHUNK + t) * HEAD_SIZE + d) = toPair(x, y);
    s0 += x; s1 += y;
  }
  *(float2*)(sums + chunk * HEAD_SIZE + d) = make_float2(s0, s1);
}

// In place, over the chunks of a head. Forward, from what each chunk writes to the state after it: after(n) = keep(n)·after(n − 1) + written(n).
// Backward, from what each chunk's queries give to the gradient of the state before it: before(n) = keep(n)·before(n + 1) + given(n).
// matrices: bf16 (B·NH, N, DH·DH), sums: float (B·NH, N, DH). Grid (⌈DH·DH/2/256⌉, B·NH), 256 threads.
extern "C" __global__ void mlstm_states(bf16* matrices, float* sums, const float* keep, int chunks, int backward) {
  const int at = 2 * (blockIdx.x * blockDim.x + threadIdx.x);
  if (at >= HEAD_SIZE * HEAD_SIZE) return;
  float2 matrix = make_float2(0, 0), sum = make_float2(0, 0);
  for (int i = 0; i < chunks; i++) {
    const long long n = (long long)blockIdx.y * chunks + (backward ? chunks - 1 - i : i);
    const float kept = keep[n];
    bf16* m = matrices + n * HEAD_SIZE * HEAD_SIZE + at;
    const unsigned pair = *(unsigned*)m;
    matrix.x = matrix.x * kept + lowFloat(pair); matrix.y = matrix.y * kept + highFloat(pair);
    *(unsigned*)m = toPair(matrix.x, matrix.y);
    if (at < HEAD_SIZE) {
      float2* s = (float2*)(sums + n * HEAD_SIZE + at);
      const float2 x = *s;
      sum.x = sum.x * kept + x.x; sum.y = sum.y * kept + x.y;
      *s = sum;
    }
  }
}

// Scores q·k weighed by the gates, in place, and their sums: a warp a row. scores: bf16 (rows, L). Grid (⌈rows/8⌉), 256 threads.
extern "C" __global__ void mlstm_weigh(bf16* scores, const float* source, const float* peak, float* sums, long long rows, float scale) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * WARPS + (threadIdx.x >> 5);
  if (row >= rows) return;
  const int t = row % CHUNK;
  const float* a = source + (row - t);
  const float u = peak[row];
  float sum = 0;
#pragma unroll
  for (int s = 2 * lane; s < CHUNK; s += 64) {
    unsigned* at = (unsigned*)(scores + row * CHUNK + s);
    unsigned pair = 0;
    if (s <= t) {
      pair = *at;
      const float x = lowFloat(pair) * __expf(a[s] - u) * scale, y = s + 1 <= t ? highFloat(pair) * __expf(a[s + 1] - u) * scale : 0.f;
      sum += x + y;
      pair = toPair(x, y);
    }
    *at = pair;
  }
  sum = warpSum(sum);
  if (lane == 0) sums[row] = sum;
}

struct Row {
  int b, head, t, n, bh;
  __device__ Row(long long row, int heads, int chunks) {
    const int positions = chunks * CHUNK;
    bh = row / positions; t = row % positions; n = t / CHUNK; b = bh / heads; head = bh % heads;
  }
};

// 1/√(variance + ε) of a row of h, which a warp has.
__device__ __forceinline__ float overDeviation(const float2 (&x)[PAIRS], float mean, int lane) {
  float total = 0;
  EACH_PAIR { const float p = x[i].x - mean, r = x[i].y - mean; total += p * p + r * r; }
  return rsqrtf(warpSum(total) / HEAD_SIZE + 1e-5f);
}

// Norm of a head's h, skip and output gate: mixed = (norm(h)·(1 + w) + skip·c)·SiLU(z), h = (intra + carried·fromState)/normaliser.
// h: bf16 (rows, DH): the chunk's own retrieval, replaced by h. fromState: bf16 (rows − L, DH), from the second chunk on. states: float (B·NH, N, DH), normalisers
// after each chunk.
// c, z: bf16 (B, S, I), rows cStride and zStride apart. inverse: float (rows), 1/normaliser; slope: ±1 where the sum is what normalises, else 0.
// mixed: bf16 (B, S, I). A warp a row.
extern "C" __global__ void mlstm_mix(
    bf16* h, const bf16* fromState, const bf16* q, const float* states, const float* sums, const float* carried, const float* floors, const bf16* c, const bf16* z,
    const float* weight, const float* skip, float* inverse, float* slope, bf16* mixed, long long rows, int heads, int length, int chunks, long long cStride, long long zStride) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * WARPS + (threadIdx.x >> 5);
  if (row >= rows) return;
  const Row at(row, heads, chunks);
  if (at.t >= length) return;
  float2 x[PAIRS];
  float sum = sums[row], g = carried[row], retrieved = 0;
  EACH_PAIR {
    const unsigned own = *(const unsigned*)(h + row * HEAD_SIZE + d);
    x[i] = make_float2(lowFloat(own), highFloat(own));
    if (at.n > 0) {
      const unsigned old = *(const unsigned*)(fromState + (row - CHUNK) * HEAD_SIZE + d), query = *(const unsigned*)(q + row * HEAD_SIZE + d);
      const float2 state = *(const float2*)(states + ((long long)at.bh * chunks + at.n - 1) * HEAD_SIZE + d);
      x[i].x += g * lowFloat(old); x[i].y += g * highFloat(old);
      retrieved += lowFloat(query) * state.x + highFloat(query) * state.y;
    }
  }
  sum += g * warpSum(retrieved);
  const float size = fabsf(sum), norm = fmaxf(size, floors[row]) + 1e-6f, over = 1.f / norm;
  if (lane == 0) { inverse[row] = over; slope[row] = size > floors[row] ? (sum < 0 ? -1.f : 1.f) : 0.f; }
  float total = 0;
  EACH_PAIR {
    const unsigned pair = toPair(x[i].x * over, x[i].y * over);
    *(unsigned*)(h + row * HEAD_SIZE + d) = pair;
    x[i] = make_float2(lowFloat(pair), highFloat(pair));
    total += x[i].x + x[i].y;
  }
  const float mean = warpSum(total) / HEAD_SIZE, scale = overDeviation(x, mean, lane);
  const long long position = (long long)at.b * length + at.t;
  EACH_PAIR {
    const int channel = at.head * HEAD_SIZE + d;
    const unsigned cs = *(const unsigned*)(c + position * cStride + channel), zs = *(const unsigned*)(z + position * zStride + channel);
    const float2 w = *(const float2*)(weight + channel), k = *(const float2*)(skip + channel);
    *(unsigned*)(mixed + position * heads * HEAD_SIZE + channel) = toPair(
        ((x[i].x - mean) * scale * (1.f + w.x) + k.x * lowFloat(cs)) * silu(lowFloat(zs)), ((x[i].y - mean) * scale * (1.f + w.y) + k.y * highFloat(cs)) * silu(highFloat(zs)));
  }
}

#include "mlstm_backward.cuh"
