// The sLSTM recurrence (xLSTM, arXiv 2405.04517, eq. 8-17). A block carries 8 batch rows of one head through all positions: R stays in registers as
// tensor-core fragments, a thread has all four gates of one unit for two rows, inputs arrive by cp.async some positions ahead, h goes round by shared memory.
//   HEAD_SIZE  DH, units a head: a multiple of 32, at most 128.
// gates, of W·x and kept: i, f, z, o. Threads 4·DH; grid (NH, ⌈B/8⌉).
#include "tensorcore.cuh"
#include "activations.cuh"

#define UNITS HEAD_SIZE
#define ROWS 8
#define THREADS (4 * UNITS)
#define ROW_GATES (8 * UNITS + 16)   // bytes of a row's four gates in shared memory; the padding keeps banks apart
#define ROW_HIDDEN (2 * UNITS + 16)
#define ROW_FLOATS (4 * UNITS + 16)
#define AHEAD 8                      // positions in the ring, forward
#define SLOT (ROWS * ROW_GATES)
#define BEHIND 5                     // positions in the ring, backward
#define FLOATS (ROWS * ROW_FLOATS)
#define BACK_SLOT (SLOT + 3 * FLOATS + ROWS * ROW_HIDDEN)

// Where thread `tid` copies its 16 bytes of a position: row cb, chunk cr of the row's i, f (first half) or z, o.
struct GateChunk {
  int row, chunk;
  unsigned offset;
  __device__ GateChunk(int tid) : row(tid / (UNITS / 2)), chunk(tid % (UNITS / 2)), offset(row * ROW_GATES + chunk * 16) {}
  __device__ long long pair(int head, int batch, int b, int length) const { return ((long long)head * batch + b) * length * 2 * UNITS + (chunk % (UNITS / 4)) * 8; }
  __device__ bool second() const { return chunk >= UNITS / 4; }
};

template <bool Keep>
__device__ __forceinline__ void forward(
    const bf16* inputForget, const bf16* cellOutput, const float* recurrent, const float* bias, bf16* output, bf16* keptGates, float* keptCell,
    float* keptNormaliser, float* keptStabiliser, float* hiddenState, float* cellState, float* normaliserState, float* stabiliserState, int batch, int length) {
  extern __shared__ __align__(16) unsigned char memory[];
  unsigned char* hidden = memory + AHEAD * SLOT;  // two of ROWS × ROW_HIDDEN: h(t−1) and h(t)
  const int tid = threadIdx.x, warp = tid >> 5, lane = tid & 31, head = blockIdx.x, heads = gridDim.x, first = blockIdx.y * ROWS;
  const int r = lane >> 2, column = (lane & 3) * 2, unit = 8 * warp + r;

  const float* R = recurrent + (long long)head * UNITS * 4 * UNITS;  // [unit of h][gate · UNITS + unit]
  unsigned inForget[UNITS / 16][4], valueOpen[UNITS / 16][4];
#pragma unroll
  for (int k = 0; k < UNITS / 16; k++) {
#pragma unroll
    for (int x = 0; x < 4; x++) {
      const float* at = R + (long long)(k * 16 + column + (x >> 1) * 8) * 4 * UNITS + (x & 1) * UNITS + unit;
      inForget[k][x] = toPair(at[0], at[4 * UNITS]);
      valueOpen[k][x] = toPair(at[2 * UNITS], at[6 * UNITS]);
    }
  }
  float b[4];
#pragma unroll
  for (int g = 0; g < 4; g++) b[g] = bias[(head * 4 + g) * UNITS + unit];

  const GateChunk part(tid);
  const int copied = min(first + part.row, batch - 1);
  const bf16* source = (part.second() ? cellOutput : inputForget) + part.pair(head, batch, copied, length);
  const long long kept = ((long long)head * batch + copied) * length * 4 * UNITS + part.chunk * 8;
  const bool keeps = first + part.row < batch;
  const unsigned ring = sharedAddress(memory), hiddenAddress = sharedAddress(hidden);
  for (int t = 0; t < AHEAD - 1; t++) {
    if (t < length) copyAsync(ring + t * SLOT + part.offset, source + (long long)t * 2 * UNITS);
    commitCopies();
  }

  float c[2] = {0, 0}, n[2] = {0, 0}, m[2] = {-1e30f, -1e30f}, h[2] = {0, 0};
  const bool mine[2] = {first + column < batch, first + column + 1 < batch};
#pragma unroll
  for (int j = 0; j < 2; j++) {
    if (hiddenState && mine[j]) {
      long long at = ((long long)(first + column + j) * heads + head) * UNITS + unit;
      h[j] = hiddenState[at]; c[j] = cellState[at]; n[j] = normaliserState[at]; m[j] = fmaxf(stabiliserState[at], -1e30f);
    }
    *(bf16*)(hidden + (column + j) * ROW_HIDDEN + unit * 2) = toBf16(h[j]);
  }
  const long long at0 = (((long long)head * batch + first + column) * length) * UNITS + unit, at1 = at0 + (long long)length * UNITS;
  const int outRow = tid / (UNITS / 8), outChunk = tid % (UNITS / 8);
  const bool writes = tid < UNITS && first + outRow < batch;
  bf16* to = output + (((long long)(first + outRow) * length) * heads + head) * UNITS + outChunk * 8;
  const long long toStep = (long long)heads * UNITS;

  for (int t = 0; t < length; t++) {
    awaitCopies<AHEAD - 2>();
    __syncthreads();
    const int slot = t % AHEAD, former = (t + AHEAD - 1) % AHEAD;
    if (Keep && t > 0 && keeps) *(uint4*)(keptGates + kept + (long long)(t - 1) * 4 * UNITS) = *(uint4*)(memory + former * SLOT + part.offset);
    if (t + AHEAD - 1 < length) copyAsync(ring + former * SLOT + part.offset, source + (long long)(t + AHEAD - 1) * 2 * UNITS);
    commitCopies();
    const unsigned char* now = hidden + (t & 1) * ROWS * ROW_HIDDEN;
    if (writes && t > 0) *(uint4*)(to + (t - 1) * toStep) = *(const uint4*)(now + outRow * ROW_HIDDEN + outChunk * 16);

    bf16* x[2] = {(bf16*)(memory + slot * SLOT + column * ROW_GATES) + unit, (bf16*)(memory + slot * SLOT + (column + 1) * ROW_GATES) + unit};
    float a0[4], a1[4], a2[4] = {0, 0, 0, 0}, a3[4] = {0, 0, 0, 0};
#pragma unroll
    for (int j = 0; j < 2; j++) {
      a0[j] = toFloat(x[j][0]) + b[0]; a0[2 + j] = toFloat(x[j][UNITS]) + b[1];
      a1[j] = toFloat(x[j][2 * UNITS]) + b[2]; a1[2 + j] = toFloat(x[j][3 * UNITS]) + b[3];
    }
    const unsigned from = hiddenAddress + (t & 1) * ROWS * ROW_HIDDEN + (lane & 7) * ROW_HIDDEN + (lane >> 3) * 16;
    unsigned B[UNITS / 32][4];
#pragma unroll
    for (int k = 0; k < UNITS / 32; k++) loadMatrices(B[k], from + k * 64);
#pragma unroll
    for (int k = 0; k < UNITS / 32; k++) {
      product(a0, inForget[2 * k], B[k][0], B[k][1]); product(a1, valueOpen[2 * k], B[k][0], B[k][1]);
      product(a2, inForget[2 * k + 1], B[k][2], B[k][3]); product(a3, valueOpen[2 * k + 1], B[k][2], B[k][3]);
    }

    unsigned char* next = hidden + ((t + 1) & 1) * ROWS * ROW_HIDDEN;
#pragma unroll
    for (int j = 0; j < 2; j++) {
      const float in = a0[j] + a2[j], forget = a0[2 + j] + a2[2 + j], value = a1[j] + a3[j], open = a1[2 + j] + a3[2 + j];
      const float carried = logSigmoid(forget) + m[j];
      m[j] = fmaxf(carried, in);
      const float write = __expf(in - m[j]), keep = __expf(carried - m[j]);
      c[j] = keep * c[j] + write * tanhOf(value);
      n[j] = keep * n[j] + write;
      h[j] = sigmoid(open) * __fdividef(c[j], n[j]);
      *(bf16*)(next + (column + j) * ROW_HIDDEN + unit * 2) = toBf16(h[j]);
      if (Keep) {
        x[j][0] = toBf16(in); x[j][UNITS] = toBf16(forget); x[j][2 * UNITS] = toBf16(value); x[j][3 * UNITS] = toBf16(open);
        if (mine[j]) {
          const long long at = (j ? at1 : at0) + (long long)t * UNITS;
          keptCell[at] = c[j]; keptNormaliser[at] = n[j]; keptStabiliser[at] = m[j];
        }
      }
    }
  }

  __syncthreads();
  if (writes) *(uint4*)(to + (length - 1) * toStep) = *(const uint4*)(hidden + (length & 1) * ROWS * ROW_HIDDEN + outRow * ROW_HIDDEN + outChunk * 16);
  if (Keep && keeps) *(uint4*)(keptGates + kept + (long long)(length - 1) * 4 * UNITS) = *(uint4*)(memory + ((length - 1) % AHEAD) * SLOT + part.offset);
#pragma unroll
  for (int j = 0; j < 2; j++) {
    if (hiddenState && mine[j]) {
      long long at = ((long long)(first + column + j) * heads + head) * UNITS + unit;
      hiddenState[at] = h[j]; cellState[at] = c[j]; normaliserState[at] = n[j]; stabiliserState[at] = m[j];
    }
  }
}

// inputForget, cellOutput: bf16 (NH, B, S, 2·DH). recurrent: float (NH, DH, 4·DH). bias: float (NH, 4, DH). output: bf16 (B, S, NH, DH).
// The four states: float (B, NH, DH), read at the start and written at the end, or all null.
extern "C" __global__ void __launch_bounds__(THREADS, 1) slstm_forward(
    const bf16* inputForget, const bf16* cellOutput, const float* recurrent, const float* bias, bf16* output, float* hidden, float* cell,
    float* normaliser, float* stabiliser, int batch, int length) {
  forward<false>(inputForget, cellOutput, recurrent, bias, output, nullptr, nullptr, nullptr, nullptr, hidden, cell, normaliser, stabiliser, batch, length);
}

// As slstm_forward from the start, with what the backward scan needs: gates bf16 (NH, B, S, 4·DH); c, n, m float (NH, B, S, DH).
extern "C" __global__ void __launch_bounds__(THREADS, 1) slstm_forward_keeping(
    const bf16* inputForget, const bf16* cellOutput, const float* recurrent, const float* bias, bf16* output, bf16* gates, float* cell,
    float* normaliser, float* stabiliser, int batch, int length) {
  forward<true>(inputForget, cellOutput, recurrent, bias, output, gates, cell, normaliser, stabiliser, nullptr, nullptr, nullptr, nullptr, batch, length);
}

// gradient: bf16 (B, S, NH, DH). dInputForget, dCellOutput: bf16 (NH, B, S, 2·DH). dBias: float (⌈B/8⌉, NH, 4, DH), to be summed over its first axis.
// h = o·c/n does not depend on the stabiliser m, so m counts as a constant.
extern "C" __global__ void __launch_bounds__(THREADS, 1) slstm_backward(
    const bf16* gradient, const bf16* gates, const float* cell, const float* normaliser, const float* stabiliser, const float* recurrent,
    bf16* dInputForget, bf16* dCellOutput, float* dBias, int batch, int length) {
  extern __shared__ __align__(16) unsigned char memory[];
  unsigned char* dGates = memory + BEHIND * BACK_SLOT;  // two of SLOT: of t + 1 and of t
  float2* exchange = (float2*)(dGates + 2 * SLOT);
  const int tid = threadIdx.x, warp = tid >> 5, lane = tid & 31, head = blockIdx.x, heads = gridDim.x, first = blockIdx.y * ROWS;
  const int r = lane >> 2, column = (lane & 3) * 2, unit = 8 * warp + r, tile = warp >> 1, half = warp & 1;

  // Rᵀ·d gates: two warps share 16 units of h, each over half of the gates.
  const float* R = recurrent + (long long)head * UNITS * 4 * UNITS;
  unsigned A[UNITS / 8][4];
#pragma unroll
  for (int k = 0; k < UNITS / 8; k++) {
#pragma unroll
    for (int x = 0; x < 4; x++) {
      const float2 pair = *(const float2*)(R + (long long)(tile * 16 + r + (x & 1) * 8) * 4 * UNITS + (half * (UNITS / 8) + k) * 16 + column + (x >> 1) * 8);
      A[k][x] = toPair(pair.x, pair.y);
    }
  }

  const GateChunk part(tid);
  const int copied = min(first + part.row, batch - 1);
  const bf16* gatesFrom = gates + ((long long)head * batch + copied) * length * 4 * UNITS + part.chunk * 8;
  bf16* dTo = (part.second() ? dCellOutput : dInputForget) + part.pair(head, batch, copied, length);
  const bool writes = first + part.row < batch;
  const int floatRow = (tid % (2 * UNITS)) / (UNITS / 4), floatChunk = tid % (UNITS / 4);
  const long long floatsFrom = ((long long)head * batch + min(first + floatRow, batch - 1)) * length * UNITS + floatChunk * 4;
  const unsigned floatOffset = floatRow * ROW_FLOATS + floatChunk * 16;
  const int gradientRow = (tid % UNITS) / (UNITS / 8), gradientChunk = tid % (UNITS / 8);
  const bf16* gradientFrom = gradient + ((long long)min(first + gradientRow, batch - 1) * length * heads + head) * UNITS + gradientChunk * 8;
  const unsigned gradientOffset = gradientRow * ROW_HIDDEN + gradientChunk * 16;
  const unsigned ring = sharedAddress(memory), dGatesAddress = sharedAddress(dGates);
  for (int i = tid; i < SLOT / 4; i += THREADS) ((unsigned*)dGates)[i] = 0;

  auto fetch = [&](int step) {
    const long long t = length - 1 - step;
    const unsigned to = ring + (step % BEHIND) * BACK_SLOT;
    copyAsync(to + part.offset, gatesFrom + t * 4 * UNITS);
    if (tid < 2 * UNITS) {
      copyAsync(to + SLOT + floatOffset, cell + floatsFrom + t * UNITS);
      copyAsync(to + SLOT + 2 * FLOATS + floatOffset, stabiliser + floatsFrom + t * UNITS);
    } else {
      copyAsync(to + SLOT + FLOATS + floatOffset, normaliser + floatsFrom + t * UNITS);
      if (tid < 3 * UNITS) copyAsync(to + SLOT + 3 * FLOATS + gradientOffset, gradientFrom + t * heads * UNITS);
    }
  };
  for (int step = 0; step < BEHIND - 1; step++) {
    if (step < length) fetch(step);
    commitCopies();
  }

  float dCell[2] = {0, 0}, dNormaliser[2] = {0, 0}, dB[4] = {0, 0, 0, 0};
  for (int step = 0; step < length; step++) {
    const int t = length - 1 - step;
    awaitCopies<BEHIND - 3>();
    __syncthreads();
    if (step > 0 && writes) *(uint4*)(dTo + (long long)(t + 1) * 2 * UNITS) = *(const uint4*)(dGates + (step & 1) * SLOT + part.offset);
    if (step + BEHIND - 1 < length) fetch(step + BEHIND - 1);
    commitCopies();

    const unsigned from = dGatesAddress + (step & 1) * SLOT + (lane & 7) * ROW_GATES + (lane >> 3) * 16 + half * 4 * UNITS;
    float a[4][4] = {};
#pragma unroll
    for (int k = 0; k < UNITS / 16; k++) {
      unsigned B[4];
      loadMatrices(B, from + k * 64);
      product(a[(2 * k) & 3], A[2 * k], B[0], B[1]);
      product(a[(2 * k + 1) & 3], A[2 * k + 1], B[2], B[3]);
    }
    float sum[4];
#pragma unroll
    for (int k = 0; k < 4; k++) sum[k] = a[0][k] + a[1][k] + a[2][k] + a[3][k];
    exchange[warp * 32 + lane] = half ? make_float2(sum[0], sum[1]) : make_float2(sum[2], sum[3]);
    asm volatile("bar.sync %0,64;" ::"r"(1 + tile) : "memory");
    const float2 other = exchange[(warp ^ 1) * 32 + lane];
    const float carried[2] = {(half ? sum[2] : sum[0]) + other.x, (half ? sum[3] : sum[1]) + other.y};

    const unsigned char *now = memory + (step % BEHIND) * BACK_SLOT, *before = memory + ((step + 1) % BEHIND) * BACK_SLOT;
    unsigned char* to = dGates + ((step + 1) & 1) * SLOT;
#pragma unroll
    for (int j = 0; j < 2; j++) {
      const int row = column + j;
      const bf16* x = (const bf16*)(now + row * ROW_GATES) + unit;
      const float in = toFloat(x[0]), forget = toFloat(x[UNITS]);
      const float c = ((const float*)(now + SLOT + row * ROW_FLOATS))[unit], n = ((const float*)(now + SLOT + FLOATS + row * ROW_FLOATS))[unit];
      const float m = ((const float*)(now + SLOT + 2 * FLOATS + row * ROW_FLOATS))[unit];
      float cBefore = 0, nBefore = 0, mBefore = -1e30f;
      if (t > 0) {
        cBefore = ((const float*)(before + SLOT + row * ROW_FLOATS))[unit];
        nBefore = ((const float*)(before + SLOT + FLOATS + row * ROW_FLOATS))[unit];
        mBefore = ((const float*)(before + SLOT + 2 * FLOATS + row * ROW_FLOATS))[unit];
      }
      const float dHidden = toFloat(((const bf16*)(now + SLOT + 3 * FLOATS + row * ROW_HIDDEN))[unit]) + carried[j];
      const float write = __expf(in - m), keep = __expf(logSigmoid(forget) + mBefore - m), value = tanhOf(toFloat(x[2 * UNITS])), open = sigmoid(toFloat(x[3 * UNITS]));
      const float inverse = __fdividef(1.f, n), ratio = c * inverse;
      const float dC = dCell[j] + dHidden * open * inverse, dN = dNormaliser[j] - dHidden * open * ratio * inverse;
      float d[4] = {(dC * value + dN) * write, (dC * cBefore + dN * nBefore) * keep * sigmoid(-forget), dC * write * (1.f - value * value), dHidden * ratio * open * (1.f - open)};
      dCell[j] = dC * keep;
      dNormaliser[j] = dN * keep;
      bf16* g = (bf16*)(to + row * ROW_GATES) + unit;
#pragma unroll
      for (int k = 0; k < 4; k++) {
        g[k * UNITS] = toBf16(d[k]);
        if (first + row < batch) dB[k] += d[k];
      }
    }
  }

  __syncthreads();
  if (writes) *(uint4*)dTo = *(const uint4*)(dGates + (length & 1) * SLOT + part.offset);
#pragma unroll
  for (int k = 0; k < 4; k++) {
    dB[k] += __shfl_xor_sync(~0u, dB[k], 1);
    dB[k] += __shfl_xor_sync(~0u, dB[k], 2);
    if ((lane & 3) == 0) dBias[(((long long)blockIdx.y * heads + head) * 4 + k) * UNITS + unit] = dB[k];
  }
}
