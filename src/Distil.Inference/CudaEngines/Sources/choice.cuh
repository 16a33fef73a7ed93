// The choice of the most likely token: of equal ones the first, as on the CPU.
#pragma once
#include "rows.cuh"

// A logit with its token, ordered by logit and then by the token in reverse; not a number comes first of all, with token −1.
struct Choice {
  float logit;
  int token;
  __device__ __forceinline__ void take(float other, int at) {
    if (isnan(other) || at < 0) { logit = __int_as_float(0x7f800000); token = -1; }
    else if (other > logit || (other == logit && token >= 0 && at < token)) { logit = other; token = at; }
  }
};

__device__ __forceinline__ Choice chooseInWarp(Choice c) {
  for (int i = 16; i > 0; i >>= 1) {
    const float logit = __shfl_xor_sync(0xffffffffu, c.logit, i);
    c.take(logit, __shfl_xor_sync(0xffffffffu, c.token, i));
  }
  return c;
}

#define NONE {-__int_as_float(0x7f800000), 0x7fffffff}

// The best token of a part of the vocabulary. Grid (parts, rows), 256 threads.
extern "C" __global__ void choose_parts(const float* logits, long long stride, int vocabulary, float* best, int* token) {
  __shared__ Choice shared[8];
  letNextBegin();
  waitForInputs();
  const int part = (vocabulary + gridDim.x - 1) / gridDim.x, first = blockIdx.x * part, end = min(first + part, vocabulary);
  Choice c = NONE;
  for (int i = first + threadIdx.x; i < end; i += blockDim.x) c.take(logits[blockIdx.y * stride + i], i);
  c = chooseInWarp(c);
  if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = c;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int i = 1; i < 8; i++) c.take(shared[i].logit, shared[i].token);
    best[blockIdx.y * gridDim.x + blockIdx.x] = c.logit;
    token[blockIdx.y * gridDim.x + blockIdx.x] = c.token;
  }
}

// The best of the parts becomes the row's next token, and one of the list chosen, (steps, rows), if there is one; −1 if a logit is not a number or none is finite. One block.
extern "C" __global__ void choose(const float* best, const int* token, int parts, int rows, int* tokens, int* chosen, int* step) {
  letNextBegin();
  waitForInputs();
  const int lane = threadIdx.x & 31, at = step ? *step : 0;
  for (int row = threadIdx.x >> 5; row < rows; row += blockDim.x >> 5) {
    Choice c = NONE;
    for (int i = lane; i < parts; i += 32) c.take(best[row * parts + i], token[row * parts + i]);
    c = chooseInWarp(c);
    if (lane > 0) continue;
    tokens[row] = isinf(c.logit) ? -1 : c.token;
    if (chosen) chosen[at * rows + row] = tokens[row];
  }
  __syncthreads();
  if (step && threadIdx.x == 0) *step = at + 1;
}

// Takes the next token of each row from a list, (steps, rows). One block.
extern "C" __global__ void feed(const int* list, int rows, int* tokens, int* step) {
  letNextBegin();
  waitForInputs();
  const int at = *step;
  for (int row = threadIdx.x; row < rows; row += blockDim.x) tokens[row] = list[at * rows + row];
  __syncthreads();
  if (threadIdx.x == 0) *step = at + 1;
}
