// The sLSTM recurrence. A group of blocks carries 8 batch rows of one head through all positions: one block, or a cluster of several (cluster.cuh), each with
// its own units. R stays in registers as tensor-core fragments; a thread has all four gates of one unit for two rows; what it needs of memory comes by cp.async
// some positions ahead, into places that only its own warp reads; h, or in the backward pass the gates' gradients, goes round to all warps at each step.
//   HEAD_SIZE   DH, units a head: a multiple of 32.
//   BLOCK_UNITS those of a block: a multiple of 16 that divides DH.
// Threads 4·BLOCK_UNITS; grid (NH · DH / BLOCK_UNITS, ⌈B/8⌉), the blocks of a head a cluster.
#define UNITS HEAD_SIZE
#define CLUSTER (HEAD_SIZE / BLOCK_UNITS)
#include "tensorcore.cuh"
#include "activations.cuh"
#include "cluster.cuh"
#include "slstm_cell.cuh"

#define ROWS 8
#define WARPS (BLOCK_UNITS / 8)
#define THREADS (4 * BLOCK_UNITS)
#define AHEAD 8                       // positions in the ring, forward
#define BEHIND 4                      // and backward
#define ROW_HIDDEN (2 * UNITS + 16)   // bytes of a row's h in shared memory; the padding keeps banks apart
#define ROW_GATES (8 * UNITS + 16)    // of a row's gradients: the four gates of a unit side by side
#define HIDDEN (ROWS * ROW_HIDDEN)
#define GATES (ROWS * ROW_GATES)
#define STEP_RECORDS (8LL * UNITS)    // records of a group of rows at one position: [8 units][row of a pair][lane]

// Which unit and rows a thread has, and which of two units' values of one row it sends: its own and its neighbour's, whose lane has the other row.
struct Place {
  int warp, lane, r, column, head, heads, group, first, unit, row;
  __device__ __forceinline__ Place()
      : warp(threadIdx.x >> 5), lane(threadIdx.x & 31), r(lane >> 2), column((lane & 3) * 2), head(blockIdx.x / CLUSTER), heads(gridDim.x / CLUSTER), group(blockIdx.y),
        first(group * ROWS), unit(blockIdx.x % CLUSTER * BLOCK_UNITS + 8 * warp + r), row(column + (r & 1)) {}
  __device__ __forceinline__ bool odd() const { return r & 1; }
  __device__ __forceinline__ unsigned swapped(unsigned ofFirst, unsigned ofSecond) const { return __shfl_xor_sync(~0u, odd() ? ofFirst : ofSecond, 4); }
  __device__ __forceinline__ long long record(int length) const { return (long long)(head * gridDim.y + group) * length * STEP_RECORDS + unit / 8 * 64 + lane; }
};

template <bool Keep>
__device__ __forceinline__ void forward(
    const bf16* inputForget, const bf16* cellOutput, const float* recurrent, const float* bias, bf16* output, uint4* kept, float* hiddenState, float* cellState,
    float* normaliserState, float* stabiliserState, int batch, int length, unsigned char* memory) {
  const Place place;
  const int lane = place.lane, column = place.column, unit = place.unit, head = place.head, heads = place.heads, first = place.first;
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

  // A warp's ring: of a position its 8 units by [gate][row]; a lane copies 16 bytes.
  const int gate = lane >> 3, copied = min(first + (lane & 7), batch - 1);
  const bf16* source = (gate < 2 ? inputForget : cellOutput) + ((long long)head * batch + copied) * length * 2 * UNITS + (gate & 1) * UNITS + unit - place.r;
  unsigned char* ring = memory + 2 * HIDDEN + 16 + place.warp * 512;
  const unsigned to = sharedAddress(ring) + lane * 16;
  for (int t = 0; t < AHEAD - 1; t++) {
    if (t < length) copyAsync(to + t * WARPS * 512, source + (long long)t * 2 * UNITS);
    commitCopies();
  }

  for (int i = threadIdx.x; i < ROWS * UNITS; i += THREADS) {
    const int row = i / UNITS, of = i % UNITS;
    *(bf16*)(memory + row * ROW_HIDDEN + of * 2) = hiddenState && first + row < batch ? toBf16(hiddenState[((long long)(first + row) * heads + head) * UNITS + of]) : 0;
  }
  Cell cells[2] = {{0, 0, -1e30f}, {0, 0, -1e30f}};
  long long state[2];
#pragma unroll
  for (int j = 0; j < 2; j++) {
    state[j] = hiddenState && first + column + j < batch ? ((long long)(first + column + j) * heads + head) * UNITS + unit : -1;
    if (state[j] >= 0) cells[j] = {cellState[state[j]], normaliserState[state[j]], fmaxf(stabiliserState[state[j]], -1e30f)};
  }
  const Exchange<ROWS * UNITS * 2, HIDDEN, 2 * HIDDEN> exchange(memory);

  const unsigned hidden = sharedAddress(memory) + (lane & 7) * ROW_HIDDEN + (lane >> 3) * 16, sent = place.row * ROW_HIDDEN + (unit & ~1) * 2;
  const bool writes = first + place.row < batch;
  unsigned* result = (unsigned*)(output + ((long long)(first + place.row) * length * heads + head) * UNITS + (unit & ~1));
  if (Keep) kept += place.record(length);
  float h[2];

  for (int t = 0; t < length; t++) {
    awaitCopies<AHEAD - 2>();
    __syncwarp();
    const bf16* x = (const bf16*)(ring + t % AHEAD * WARPS * 512) + column * 8 + place.r;
    float a0[4], a1[4], a2[4] = {0, 0, 0, 0}, a3[4] = {0, 0, 0, 0};
#pragma unroll
    for (int j = 0; j < 2; j++) {
      a0[j] = toFloat(x[j * 8]) + b[0]; a0[2 + j] = toFloat(x[64 + j * 8]) + b[1];
      a1[j] = toFloat(x[128 + j * 8]) + b[2]; a1[2 + j] = toFloat(x[192 + j * 8]) + b[3];
    }
    if (t > 0) exchange.await(t);
    const unsigned from = hidden + (t & 1) * HIDDEN;
    unsigned B[UNITS / 32][4];
#pragma unroll
    for (int k = 0; k < UNITS / 32; k++) loadMatrices(B[k], from + k * 64);
#pragma unroll
    for (int k = 0; k < UNITS / 32; k++) {
      product(a0, inForget[2 * k], B[k][0], B[k][1]); product(a1, valueOpen[2 * k], B[k][0], B[k][1]);
      product(a2, inForget[2 * k + 1], B[k][2], B[k][3]); product(a3, valueOpen[2 * k + 1], B[k][2], B[k][3]);
    }
    if (t + AHEAD - 1 < length) copyAsync(to + (t + AHEAD - 1) % AHEAD * WARPS * 512, source + (long long)(t + AHEAD - 1) * 2 * UNITS);
    commitCopies();

    float gates[2][4];
#pragma unroll
    for (int j = 0; j < 2; j++) {
      gates[j][0] = a0[j] + a2[j]; gates[j][1] = a0[2 + j] + a2[2 + j]; gates[j][2] = a1[j] + a3[j]; gates[j][3] = a1[2 + j] + a3[2 + j];
      h[j] = cells[j].step(gates[j]);
    }
    const float other = __uint_as_float(place.swapped(__float_as_uint(h[0]), __float_as_uint(h[1])));
    const unsigned pair = place.odd() ? toPair(other, h[1]) : toPair(h[0], other);
    if (t + 1 < length) exchange.send(t + 1, sent, pair);
    if (writes) result[(long long)t * heads * (UNITS / 2)] = pair;
    if (Keep) {
#pragma unroll
      for (int j = 0; j < 2; j++) kept[t * STEP_RECORDS + j * 32] = toRecord(gates[j], cells[j]);
    }
  }

#pragma unroll
  for (int j = 0; j < 2; j++) {
    if (state[j] >= 0) { hiddenState[state[j]] = h[j]; cellState[state[j]] = cells[j].c; normaliserState[state[j]] = cells[j].n; stabiliserState[state[j]] = cells[j].m; }
  }
  exchange.all();
}

// inputForget, cellOutput: bf16 (NH, B, S, 2·DH). recurrent: float (NH, DH, 4·DH). bias: float (NH, 4, DH). output: bf16 (B, S, NH, DH).
// The four states: float (B, NH, DH), read at the start and written at the end, or all null.
extern "C" __global__ void __launch_bounds__(THREADS) slstm_forward(
    const bf16* inputForget, const bf16* cellOutput, const float* recurrent, const float* bias, bf16* output, float* hidden, float* cell,
    float* normaliser, float* stabiliser, int batch, int length) {
  extern __shared__ __align__(16) unsigned char memory[];
  forward<false>(inputForget, cellOutput, recurrent, bias, output, nullptr, hidden, cell, normaliser, stabiliser, batch, length, memory);
}

// As slstm_forward from the start, with what the backward scan needs: records, 16 bytes each (NH, ⌈B/8⌉, S, DH / 8, 2, 32).
extern "C" __global__ void __launch_bounds__(THREADS) slstm_forward_keeping(
    const bf16* inputForget, const bf16* cellOutput, const float* recurrent, const float* bias, bf16* output, uint4* records, int batch, int length) {
  extern __shared__ __align__(16) unsigned char memory[];
  forward<true>(inputForget, cellOutput, recurrent, bias, output, records, nullptr, nullptr, nullptr, nullptr, batch, length, memory);
}

// gradient: bf16 (B, S, NH, DH). dInputForget, dCellOutput: bf16 (NH, B, S, 2·DH). dBias: float (⌈B/8⌉, NH, 4, DH), to be summed over its first axis.
extern "C" __global__ void __launch_bounds__(THREADS) slstm_backward(
    const bf16* gradient, const uint4* records, const float* recurrent, bf16* dInputForget, bf16* dCellOutput, float* dBias, int batch, int length) {
  extern __shared__ __align__(16) unsigned char memory[];
  float2* halves = (float2*)(memory + 2 * GATES + 16);
  unsigned char *recordRing = memory + 2 * GATES + 16 + THREADS * 8, *gradientRing = recordRing + BEHIND * THREADS * 32;
  const Place place;
  const int tid = threadIdx.x, warp = place.warp, lane = place.lane, column = place.column, unit = place.unit, head = place.head, tile = warp >> 1, half = warp & 1;

  // Rᵀ·d gates: two warps share 16 units of h, each over half of the units that have the gates.
  const float* R = recurrent + ((long long)head * UNITS + unit - 8 * half) * 4 * UNITS;
  unsigned A[UNITS / 8][4];
#pragma unroll
  for (int k = 0; k < UNITS / 8; k++) {
#pragma unroll
    for (int x = 0; x < 4; x++) {
      const int of = half * UNITS / 2 + k * 4 + (x >> 1) * 2 + (column >> 2), gate = column & 2;
      const float* at = R + (x & 1) * 8 * 4 * UNITS + gate * UNITS + of;
      A[k][x] = toPair(at[0], at[UNITS]);
    }
  }

  records += place.record(length);
  const unsigned recordTo = sharedAddress(recordRing) + tid * 16, gradientTo = sharedAddress(gradientRing) + warp * 128 + lane * 16;
  const bf16* gradientFrom = gradient + ((long long)min(place.first + (lane & 7), batch - 1) * length * place.heads + head) * UNITS + unit - place.r;
  auto fetch = [&](int step) {
    const long long t = length - 1 - step;
    const int slot = step % BEHIND;
#pragma unroll
    for (int j = 0; j < 2; j++) copyAsync(recordTo + (slot * 2 + j) * THREADS * 16, records + t * STEP_RECORDS + j * 32);
    if (lane < 8) copyAsync(gradientTo + slot * WARPS * 128, gradientFrom + t * place.heads * UNITS);
  };
  for (int step = 0; step < BEHIND - 1; step++) {
    if (step < length) fetch(step);
    commitCopies();
  }

  const Exchange<ROWS * UNITS * 8, GATES, 2 * GATES> exchange(memory);
  const unsigned dGates = sharedAddress(memory) + (lane & 7) * ROW_GATES + (lane >> 3) * 16 + half * 4 * UNITS, sent = place.row * ROW_GATES + (unit & ~1) * 8;
  const bool writes = place.first + place.row < batch;
  const long long to = ((long long)head * batch + place.first + place.row) * length * 2 * UNITS + (unit & ~1);
  CellGradient cells[2] = {{0, 0}, {0, 0}};
  float dB[4] = {0, 0, 0, 0};

  for (int step = 0; step < length; step++) {
    const int t = length - 1 - step, slot = step % BEHIND;
    awaitCopies<BEHIND - 3>();
    __syncwarp();
    if (step + BEHIND - 1 < length) fetch(step + BEHIND - 1);
    commitCopies();
    const uint4 *now = (const uint4*)recordRing + slot * 2 * THREADS + tid, *before = (const uint4*)recordRing + (step + 1) % BEHIND * 2 * THREADS + tid;
    const bf16* ofOutput = (const bf16*)(gradientRing + (slot * WARPS + warp) * 128) + column * 8 + place.r;
    const uint4 none = {0, 0, 0, 0};
    const CellSlopes slopes[2] = {{now[0], t > 0 ? before[0] : none}, {now[THREADS], t > 0 ? before[THREADS] : none}};
    float dHidden[2] = {toFloat(ofOutput[0]), toFloat(ofOutput[8])};

    if (step > 0) {
      exchange.await(step);
      float a[4][4] = {};
#pragma unroll
      for (int k = 0; k < UNITS / 16; k++) {
        unsigned B[4];
        loadMatrices(B, dGates + (step & 1) * GATES + k * 64);
        product(a[(2 * k) & 3], A[2 * k], B[0], B[1]);
        product(a[(2 * k + 1) & 3], A[2 * k + 1], B[2], B[3]);
      }
      float sum[4];
#pragma unroll
      for (int k = 0; k < 4; k++) sum[k] = (a[0][k] + a[1][k]) + (a[2][k] + a[3][k]);
      halves[tid] = half ? make_float2(sum[0], sum[1]) : make_float2(sum[2], sum[3]);
      asm volatile("bar.sync %0, 64;" ::"r"(1 + tile) : "memory");
      const float2 other = halves[tid ^ 32];
      dHidden[0] += (half ? sum[2] : sum[0]) + other.x;
      dHidden[1] += (half ? sum[3] : sum[1]) + other.y;
    }

    float d[2][4];
    unsigned pairs[2][2];  // i and f, z and o
#pragma unroll
    for (int j = 0; j < 2; j++) {
      cells[j].step(dHidden[j], slopes[j], d[j]);
      pairs[j][0] = toPair(d[j][0], d[j][1]);
      pairs[j][1] = toPair(d[j][2], d[j][3]);
    }
    const unsigned inForget = place.swapped(pairs[0][0], pairs[1][0]), valueOpen = place.swapped(pairs[0][1], pairs[1][1]);
    const uint4 both = place.odd() ? make_uint4(inForget, valueOpen, pairs[1][0], pairs[1][1]) : make_uint4(pairs[0][0], pairs[0][1], inForget, valueOpen);
    if (t > 0) exchange.send(step + 1, sent, both);
    if (writes) {
      unsigned *inputTo = (unsigned*)(dInputForget + to + t * 2LL * UNITS), *outputTo = (unsigned*)(dCellOutput + to + t * 2LL * UNITS);
      inputTo[0] = __byte_perm(both.x, both.z, 0x5410); inputTo[UNITS / 2] = __byte_perm(both.x, both.z, 0x7632);
      outputTo[0] = __byte_perm(both.y, both.w, 0x5410); outputTo[UNITS / 2] = __byte_perm(both.y, both.w, 0x7632);
    }
#pragma unroll
    for (int j = 0; j < 2; j++) {
#pragma unroll
      for (int g = 0; g < 4; g++) dB[g] += place.first + column + j < batch ? d[j][g] : 0.f;
    }
  }

#pragma unroll
  for (int g = 0; g < 4; g++) {
    dB[g] += __shfl_xor_sync(~0u, dB[g], 1);
    dB[g] += __shfl_xor_sync(~0u, dB[g], 2);
    if ((lane & 3) == 0) dBias[(((long long)place.group * place.heads + head) * 4 + g) * UNITS + unit] = dB[g];
  }
  exchange.all();
}
