// The elementwise parts of the chunkwise mLSTM (TFLA, arXiv 2503.14376); the products between them are cuBLAS's. The forms and names are MLstmFusedCell's.
//   HEAD_SIZE  DH, a multiple of 32.       CHUNK  L, a multiple of 32, at most 1,024.
// A "row" is a position of a head of a batch row: rows = B·NH·P, P the length rounded up to whole chunks (N of them).
//   source a(s) = i(s) − F(s), F the log of what has been forgotten since the chunk began; peak u(t) = max(max a(≤ t), M), M the carried stabiliser;
//   the stabiliser of t is m = F + u, so a pair (t, s) weighs exp(a(s) − u(t)), the carried state exp(M − u(t)), a key at its chunk's end exp(a(s) − M').
#include "bfloat16.cuh"
#include "activations.cuh"

#define WARPS 8
#define PAIRS ((HEAD_SIZE + 63) / 64)
#define EACH_PAIR _Pragma("unroll") for (int i = 0, d = 2 * lane; i < PAIRS; i++, d += 64) if (d < HEAD_SIZE)

// Inclusive scan over the block's CHUNK threads, a sum or a maximum; `shared` has 32 places.
template <bool Maximum> __device__ __forceinline__ float scan(float x, float* shared) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
#pragma unroll
  for (int o = 1; o < 32; o <<= 1) {
    const float y = __shfl_up_sync(~0u, x, o);
    if (lane >= o) x = Maximum ? fmaxf(x, y) : x + y;
  }
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

// Gradient of the plain scores from that of the weighed ones, in place; dNorm is what each of a row's weights adds to the normaliser.
extern "C" __global__ void mlstm_weigh_backward(bf16* gradient, const float* source, const float* peak, const float* dNorm, long long rows, float scale) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * WARPS + (threadIdx.x >> 5);
  if (row >= rows) return;
  const int t = row % CHUNK;
  const float* a = source + (row - t);
  const float u = peak[row], dn = dNorm[row];
#pragma unroll
  for (int s = 2 * lane; s < CHUNK; s += 64) {
    unsigned* at = (unsigned*)(gradient + row * CHUNK + s);
    unsigned pair = 0;
    if (s <= t) {
      pair = *at;
      pair = toPair((lowFloat(pair) + dn) * __expf(a[s] - u) * scale, s + 1 <= t ? (highFloat(pair) + dn) * __expf(a[s + 1] - u) * scale : 0.f);
    }
    *at = pair;
  }
}

struct Row {
  int b, head, t, n, bh;
  __device__ Row(long long row, int heads, int chunks) {
    const int positions = chunks * CHUNK;
    bh = row / positions; t = row % positions; n = t / CHUNK; b = bh / heads; head = bh % heads;
  }
};

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
  const float mean = warpSum(total) / HEAD_SIZE;
  total = 0;
  EACH_PAIR { const float p = x[i].x - mean, r = x[i].y - mean; total += p * p + r * r; }
  const float scale = rsqrtf(warpSum(total) / HEAD_SIZE + 1e-5f);
  const long long position = (long long)at.b * length + at.t;
  EACH_PAIR {
    const int channel = at.head * HEAD_SIZE + d;
    const unsigned cs = *(const unsigned*)(c + position * cStride + channel), zs = *(const unsigned*)(z + position * zStride + channel);
    const float2 w = *(const float2*)(weight + channel), k = *(const float2*)(skip + channel);
    *(unsigned*)(mixed + position * heads * HEAD_SIZE + channel) = toPair(
        ((x[i].x - mean) * scale * (1.f + w.x) + k.x * lowFloat(cs)) * silu(lowFloat(zs)), ((x[i].y - mean) * scale * (1.f + w.y) + k.y * highFloat(cs)) * silu(highFloat(zs)));
  }
}

// gradient: bf16 (B, S, I). dc, dz: bf16 (B, S, I). dRetrieved: bf16 (rows, DH), dCarried the same times `carried`, 0 in the first chunk (null where there is one
// only); dNorm: float (rows).
// partial: float (gridDim.y, 2, I): parts of the gradients of weight and skip. Grid (NH, any), 256 threads.
extern "C" __global__ void __launch_bounds__(32 * WARPS) mlstm_mix_backward(
    const bf16* gradient, const bf16* h, const bf16* c, const bf16* z, const float* weight, const float* skip, const float* inverse, const float* slope,
    const float* carried, bf16* dc, bf16* dz, bf16* dRetrieved, bf16* dCarried, float* dNorm, float* partial, int batch, int heads, int length, int chunks,
    long long cStride, long long zStride) {
  __shared__ float shared[WARPS][2][HEAD_SIZE];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, head = blockIdx.x, positions = chunks * CHUNK;
  float2 w[PAIRS], k[PAIRS], dW[PAIRS], dK[PAIRS];
  EACH_PAIR {
    w[i] = *(const float2*)(weight + head * HEAD_SIZE + d); k[i] = *(const float2*)(skip + head * HEAD_SIZE + d);
    dW[i] = dK[i] = make_float2(0, 0);
  }
  for (long long item = blockIdx.y * WARPS + warp; item < (long long)batch * positions; item += gridDim.y * WARPS) {
    const int b = item / positions, t = item % positions;
    const long long row = ((long long)b * heads + head) * positions + t, position = (long long)b * length + t;
    const Row at(row, heads, chunks);
    bf16* dr = dRetrieved + row * HEAD_SIZE;
    bf16* dq = dCarried ? dCarried + row * HEAD_SIZE : nullptr;
    if (t >= length) {
      EACH_PAIR { *(unsigned*)(dr + d) = 0; if (dq) *(unsigned*)(dq + d) = 0; }
      if (lane == 0) dNorm[row] = 0;
      continue;
    }
    float2 x[PAIRS], dy[PAIRS];
    float total = 0;
    EACH_PAIR {
      const unsigned pair = *(const unsigned*)(h + row * HEAD_SIZE + d);
      x[i] = make_float2(lowFloat(pair), highFloat(pair));
      total += x[i].x + x[i].y;
    }
    const float mean = warpSum(total) / HEAD_SIZE;
    total = 0;
    EACH_PAIR { const float p = x[i].x - mean, r = x[i].y - mean; total += p * p + r * r; }
    const float scale = rsqrtf(warpSum(total) / HEAD_SIZE + 1e-5f);
    float s1 = 0, s2 = 0;
    EACH_PAIR {
      const int channel = head * HEAD_SIZE + d;
      const unsigned gs = *(const unsigned*)(gradient + position * heads * HEAD_SIZE + channel);
      const unsigned cs = *(const unsigned*)(c + position * cStride + channel), zs = *(const unsigned*)(z + position * zStride + channel);
      const float n0 = (x[i].x - mean) * scale, n1 = (x[i].y - mean) * scale, z0 = lowFloat(zs), z1 = highFloat(zs), c0 = lowFloat(cs), c1 = highFloat(cs);
      const float g0 = lowFloat(gs) * silu(z0), g1 = highFloat(gs) * silu(z1);
      *(unsigned*)(dz + position * heads * HEAD_SIZE + channel) = toPair(
          lowFloat(gs) * (n0 * (1.f + w[i].x) + k[i].x * c0) * siluSlope(z0), highFloat(gs) * (n1 * (1.f + w[i].y) + k[i].y * c1) * siluSlope(z1));
      *(unsigned*)(dc + position * heads * HEAD_SIZE + channel) = toPair(g0 * k[i].x, g1 * k[i].y);
      dK[i].x += g0 * c0; dK[i].y += g1 * c1;
      dW[i].x += g0 * n0; dW[i].y += g1 * n1;
      dy[i] = make_float2(g0 * (1.f + w[i].x), g1 * (1.f + w[i].y));
      s1 += dy[i].x + dy[i].y; s2 += dy[i].x * n0 + dy[i].y * n1;
    }
    s1 = warpSum(s1) / HEAD_SIZE; s2 = warpSum(s2) / HEAD_SIZE;
    const float over = inverse[row], g = at.n > 0 ? carried[row] : 0.f;
    float dn = 0;
    EACH_PAIR {
      const float d0 = (dy[i].x - s1 - (x[i].x - mean) * scale * s2) * scale * over, d1 = (dy[i].y - s1 - (x[i].y - mean) * scale * s2) * scale * over;
      dn += d0 * x[i].x + d1 * x[i].y;
      *(unsigned*)(dr + d) = toPair(d0, d1);
      if (dq) *(unsigned*)(dq + d) = toPair(d0 * g, d1 * g);
    }
    dn = warpSum(dn);
    if (lane == 0) dNorm[row] = -dn * slope[row];
  }
  EACH_PAIR { *(float2*)&shared[warp][0][d] = dW[i]; *(float2*)&shared[warp][1][d] = dK[i]; }
  __syncthreads();
  for (int at = threadIdx.x; at < 2 * HEAD_SIZE; at += 32 * WARPS) {
    float sum = 0;
#pragma unroll
    for (int v = 0; v < WARPS; v++) sum += shared[v][at / HEAD_SIZE][at % HEAD_SIZE];
    partial[((long long)blockIdx.y * 2 + at / HEAD_SIZE) * heads * HEAD_SIZE + head * HEAD_SIZE + at % HEAD_SIZE] = sum;
  }
}

// What the queries of a chunk give to the gradient of the normaliser before it: Σ carried·dNorm·q, 0 in the first. sums: float (B·NH, N, DH).
// Grid (N, B·NH), DH/2 threads.
extern "C" __global__ void mlstm_normaliser_backward(const bf16* q, const float* carried, const float* dNorm, float* sums) {
  const int d = 2 * threadIdx.x;
  const long long chunk = (long long)blockIdx.y * gridDim.x + blockIdx.x;
  float s0 = 0, s1 = 0;
  if (blockIdx.x > 0) {
#pragma unroll 8
    for (long long t = chunk * CHUNK; t < (chunk + 1) * CHUNK; t++) {
      const float w = carried[t] * dNorm[t];
      const unsigned pair = *(const unsigned*)(q + t * HEAD_SIZE + d);
      s0 += lowFloat(pair) * w; s1 += highFloat(pair) * w;
    }
  }
  *(float2*)(sums + chunk * HEAD_SIZE + d) = make_float2(s0, s1);
}

// The last of q's and k's gradients, and what they say of the gates: a gate moves h as q (or k) does, so that its gradient is q·dq (or k·dk).
// dq, dk: bf16 (rows, DH), completed in place. dKeys: bf16 (rows − L, DH), as at the chunk's end, up to the last chunk.
// states: float (B·NH, N, DH), normalisers after each chunk; dStates the same, the gradient before each chunk.
// through: float (rows), q·dq − k·dk; dInput: float (rows), k·dk. A warp a row.
extern "C" __global__ void mlstm_finish_backward(
    bf16* dq, bf16* dk, const bf16* dKeys, const bf16* q, const bf16* k, const float* states, const float* dStates, const float* carried, const float* written,
    const float* dNorm, float* through, float* dInput, long long rows, int heads, int chunks, float keyScale) {
  const int lane = threadIdx.x & 31;
  const long long row = (long long)blockIdx.x * WARPS + (threadIdx.x >> 5);
  if (row >= rows) return;
  const Row at(row, heads, chunks);
  const float toNormaliser = carried[row] * dNorm[row], w = written[row] * keyScale;
  float qdq = 0, kdk = 0;
  EACH_PAIR {
    const unsigned a = *(const unsigned*)(dq + row * HEAD_SIZE + d), b = *(const unsigned*)(dk + row * HEAD_SIZE + d);
    float2 x = make_float2(lowFloat(a), highFloat(a)), y = make_float2(lowFloat(b), highFloat(b));
    if (at.n > 0) {
      const float2 state = *(const float2*)(states + ((long long)at.bh * chunks + at.n - 1) * HEAD_SIZE + d);
      x.x += toNormaliser * state.x; x.y += toNormaliser * state.y;
      *(unsigned*)(dq + row * HEAD_SIZE + d) = toPair(x.x, x.y);
    }
    if (at.n < chunks - 1) {
      const float2 state = *(const float2*)(dStates + ((long long)at.bh * chunks + at.n + 1) * HEAD_SIZE + d);
      const unsigned key = *(const unsigned*)(dKeys + row * HEAD_SIZE + d);
      y.x += w * (lowFloat(key) + state.x); y.y += w * (highFloat(key) + state.y);
      *(unsigned*)(dk + row * HEAD_SIZE + d) = toPair(y.x, y.y);
    }
    const unsigned query = *(const unsigned*)(q + row * HEAD_SIZE + d), key = *(const unsigned*)(k + row * HEAD_SIZE + d);
    qdq += lowFloat(query) * x.x + highFloat(query) * x.y;
    kdk += lowFloat(key) * y.x + highFloat(key) * y.y;
  }
  qdq = warpSum(qdq); kdk = warpSum(kdk);
  if (lane == 0) { through[row] = qdq - kdk; dInput[row] = kdk; }
}

// Gradient of a forget gate: σ(−f)·Σ over this position and the later ones of `through`. dGates: bf16 (B, S, 2·NH). Grid (B·NH), CHUNK threads.
extern "C" __global__ void __launch_bounds__(CHUNK) mlstm_gates_backward(
    const bf16* ofC, const bf16* ofX, const float* inputBias, const float* forgetBias, const float* through, const float* dInput, bf16* dGates, int heads, int length, int chunks) {
  __shared__ float shared[32], last;
  const int b = blockIdx.x / heads, head = blockIdx.x % heads;
  const Gates gates = {ofC, ofX, inputBias[head], forgetBias[head], heads, head};
  float later = 0;
  for (int n = chunks - 1; n >= 0; n--) {
    const int t = n * CHUNK + CHUNK - 1 - threadIdx.x;
    const long long row = (long long)blockIdx.x * chunks * CHUNK + t;
    const float sum = later + scan<false>(t < length ? through[row] : 0.f, shared);
    if (threadIdx.x == CHUNK - 1) last = sum;
    if (t < length) {
      const long long position = (long long)b * length + t;
      dGates[position * 2 * heads + head] = toBf16(dInput[row]);
      dGates[(position * 2 + 1) * heads + head] = toBf16(sum * sigmoid(-gates.forget(position)));
    }
    __syncthreads();
    later = last;
  }
}
