// The sLSTM recurrence in float32. A block carries 8 batch rows of one head through all positions; R comes from the L2 cache at each step, a column a thread.
//   HEAD_SIZE  DH, units a head: a multiple of 32, at most 192.
// Threads 4·DH; grid (NH, ⌈B/8⌉). A thread has two cells: its unit in row tid / DH and four rows on.
#define UNITS HEAD_SIZE
#include "bfloat16.cuh"
#include "activations.cuh"
#include "slstm_cell.cuh"

#define ROWS 8
#define THREADS (4 * UNITS)
#define KEPT 6  // values of a cell and step: δ, f, z, o, c, n

// Adds Σ matrix[k][column] · vectors[k][row] over UNITS k to each row's sum. A row of the matrix has `width` floats.
__device__ __forceinline__ void accumulate(const float* matrix, int width, const float* vectors, float (&sums)[ROWS]) {
#pragma unroll 16
  for (int k = 0; k < UNITS; k++) {
    const float r = __ldg(matrix + k * width);
    const float4 low = ((const float4*)vectors)[2 * k], high = ((const float4*)vectors)[2 * k + 1];
    sums[0] += r * low.x; sums[1] += r * low.y; sums[2] += r * low.z; sums[3] += r * low.w;
    sums[4] += r * high.x; sums[5] += r * high.y; sums[6] += r * high.z; sums[7] += r * high.w;
  }
}

// inputForget, cellOutput: (NH, B, S, 2·DH). recurrent: (NH, DH, 4·DH). bias: (NH, 4, DH). output: (B, S, NH, DH).
// kept: (NH, B, S, 6, DH) or null. The four states: (B, NH, DH), read at the start and written at the end, or all null.
extern "C" __global__ void __launch_bounds__(THREADS) slstm_float_forward(
    const float* inputForget, const float* cellOutput, const float* recurrent, const float* bias, float* output, float* kept, float* hiddenState,
    float* cellState, float* normaliserState, float* stabiliserState, int batch, int length) {
  __shared__ __align__(16) float hidden[UNITS * ROWS];  // [unit][row]
  __shared__ float sums[ROWS][4 * UNITS];
  const int tid = threadIdx.x, gate = tid / UNITS, unit = tid % UNITS, head = blockIdx.x, heads = gridDim.x, first = blockIdx.y * ROWS;
  const float* R = recurrent + (long long)head * UNITS * 4 * UNITS + tid;
  const float b = bias[(long long)head * 4 * UNITS + tid];
  const float* source = (gate < 2 ? inputForget : cellOutput) + (gate & 1) * UNITS + unit;
  auto at = [&](int row, int t) { return (((long long)head * batch + min(first + row, batch - 1)) * length + t) * 2 * UNITS; };

  Cell cells[2] = {{0, 0, -1e30f}, {0, 0, -1e30f}};
  float h[2] = {0, 0}, x[ROWS];
  long long state[2];
#pragma unroll
  for (int j = 0; j < 2; j++) {
    const int row = gate + 4 * j;
    state[j] = hiddenState && first + row < batch ? ((long long)(first + row) * heads + head) * UNITS + unit : -1;
    if (state[j] >= 0) { h[j] = hiddenState[state[j]]; cells[j] = {cellState[state[j]], normaliserState[state[j]], fmaxf(stabiliserState[state[j]], -1e30f)}; }
    hidden[unit * ROWS + row] = h[j];
  }
#pragma unroll
  for (int row = 0; row < ROWS; row++) x[row] = source[at(row, 0)] + b;
  __syncthreads();

  for (int t = 0; t < length; t++) {
    accumulate(R, 4 * UNITS, hidden, x);
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
      sums[row][tid] = x[row];
      x[row] = source[at(row, min(t + 1, length - 1))] + b;
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < 2; j++) {
      const int row = gate + 4 * j;
      float gates[4] = {sums[row][unit], sums[row][UNITS + unit], sums[row][2 * UNITS + unit], sums[row][3 * UNITS + unit]};
      h[j] = cells[j].step(gates);
      hidden[unit * ROWS + row] = h[j];
      if (first + row < batch) {
        output[(((long long)(first + row) * length + t) * heads + head) * UNITS + unit] = h[j];
        if (kept) {
          float* to = kept + (((long long)head * batch + first + row) * length + t) * KEPT * UNITS + unit;
#pragma unroll
          for (int g = 0; g < 4; g++) to[g * UNITS] = gates[g];
          to[4 * UNITS] = cells[j].c;
          to[5 * UNITS] = cells[j].n;
        }
      }
    }
    __syncthreads();
  }

#pragma unroll
  for (int j = 0; j < 2; j++) {
    if (state[j] >= 0) { hiddenState[state[j]] = h[j]; cellState[state[j]] = cells[j].c; normaliserState[state[j]] = cells[j].n; stabiliserState[state[j]] = cells[j].m; }
  }
}

// gradient: (B, S, NH, DH). transposed: R as (NH, 4·DH, DH). dInputForget, dCellOutput: (NH, B, S, 2·DH). dBias: (⌈B/8⌉, NH, 4, DH), to be summed over its first axis.
extern "C" __global__ void __launch_bounds__(THREADS) slstm_float_backward(
    const float* gradient, const float* kept, const float* transposed, float* dInputForget, float* dCellOutput, float* dBias, int batch, int length) {
  __shared__ __align__(16) float dGates[4 * UNITS * ROWS];  // [gate][unit][row]
  __shared__ float quarters[4][ROWS][UNITS];                // of Rᵀ·d gates: each gate's part
  const int tid = threadIdx.x, gate = tid / UNITS, unit = tid % UNITS, head = blockIdx.x, heads = gridDim.x, first = blockIdx.y * ROWS;
  const float* R = transposed + ((long long)head * 4 + gate) * UNITS * UNITS + unit;
  CellGradient cells[2] = {{0, 0}, {0, 0}};
  float dB[4] = {0, 0, 0, 0};

  for (int t = length - 1; t >= 0; t--) {
    if (t < length - 1) {
      float carried[ROWS] = {};
      accumulate(R, UNITS, dGates + gate * UNITS * ROWS, carried);
#pragma unroll
      for (int row = 0; row < ROWS; row++) quarters[gate][row][unit] = carried[row];
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < 2; j++) {
      const int row = gate + 4 * j;
      const long long b = min(first + row, batch - 1);
      const float* now = kept + (((long long)head * batch + b) * length + t) * KEPT * UNITS + unit;
      const float *former = now - KEPT * UNITS, cBefore = t > 0 ? former[4 * UNITS] : 0.f, nBefore = t > 0 ? former[5 * UNITS] : 0.f;
      const CellSlopes slopes(now[0], now[UNITS], now[2 * UNITS], now[3 * UNITS], now[4 * UNITS], now[5 * UNITS], cBefore, nBefore);
      float dHidden = gradient[((b * length + t) * heads + head) * UNITS + unit], d[4];
      if (t < length - 1) dHidden += (quarters[0][row][unit] + quarters[1][row][unit]) + (quarters[2][row][unit] + quarters[3][row][unit]);
      cells[j].step(dHidden, slopes, d);
      const bool mine = first + row < batch;
      float *inputTo = dInputForget + (((long long)head * batch + b) * length + t) * 2 * UNITS + unit, *outputTo = dCellOutput + (inputTo - dInputForget);
#pragma unroll
      for (int g = 0; g < 4; g++) {
        dGates[(g * UNITS + unit) * ROWS + row] = d[g];
        if (mine) {
          (g < 2 ? inputTo : outputTo)[(g & 1) * UNITS] = d[g];
          dB[g] += d[g];
        }
      }
    }
    __syncthreads();
  }

#pragma unroll
  for (int g = 0; g < 4; g++) quarters[g][gate][unit] = dB[g];
  __syncthreads();
  dBias[((long long)blockIdx.y * heads + head) * 4 * UNITS + tid] =
      (quarters[gate][0][unit] + quarters[gate][1][unit]) + (quarters[gate][2][unit] + quarters[gate][3][unit]);
}
