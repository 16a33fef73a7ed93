// One unit of the sLSTM in one batch row, a step forward and a step back (xLSTM, arXiv 2405.04517, eq. 8-17).
// The stabiliser enters a step by δ = log σ(f) + m(t−1) − i alone: the larger of i and the carried is taken out of both, so one of write and keep is 1.

struct Cell {
  float c, n, m;

  // The new h. gates: pre-activations of i, f, z, o; i is replaced by δ, which with the others is what the backward pass needs.
  __device__ __forceinline__ float step(float (&gates)[4]) {
    const float carried = logSigmoid(gates[1]) + m, delta = carried - gates[0], lesser = __expf(-fabsf(delta));
    const float write = delta > 0.f ? lesser : 1.f, keep = delta > 0.f ? 1.f : lesser;
    m = fmaxf(carried, gates[0]);
    c = keep * c + write * tanhOf(gates[2]);
    n = keep * n + write;
    gates[0] = delta;
    return sigmoid(gates[3]) * __fdividef(c, n);
  }
};

// δ, f, z, o in bf16, c and n in float: what a step forward keeps, 16 bytes.
__device__ __forceinline__ uint4 toRecord(const float (&gates)[4], const Cell& cell) {
  return make_uint4(toPair(gates[0], gates[1]), toPair(gates[2], gates[3]), __float_as_uint(cell.c), __float_as_uint(cell.n));
}

// Everything of a step back that needs no gradient, so that it can be made before the gradient is there.
struct CellSlopes {
  float write, keep, value, cBefore, nBefore, ofForget, ofValue, ofOpen, hOfC, hOfN;

  // δ, f, z and o as Cell::step left them; c and n after the step and before it.
  __device__ __forceinline__ CellSlopes(float delta, float forget, float z, float o, float c, float n, float cFormer, float nFormer) : cBefore(cFormer), nBefore(nFormer) {
    const float lesser = __expf(-fabsf(delta)), open = sigmoid(o), inverse = __fdividef(1.f, n), ratio = c * inverse;
    write = delta > 0.f ? lesser : 1.f;
    keep = delta > 0.f ? 1.f : lesser;
    value = tanhOf(z);
    ofForget = keep * sigmoid(-forget);
    ofValue = write * (1.f - value * value);
    ofOpen = ratio * open * (1.f - open);
    hOfC = open * inverse;
    hOfN = -hOfC * ratio;
  }

  // Of this step's record and the former's.
  __device__ __forceinline__ CellSlopes(const uint4& now, const uint4& former)
      : CellSlopes(lowFloat(now.x), highFloat(now.x), lowFloat(now.y), highFloat(now.y), __uint_as_float(now.z), __uint_as_float(now.w),
                   __uint_as_float(former.z), __uint_as_float(former.w)) {}
};

// h = o·c/n does not depend on the stabiliser, so m counts as a constant.
struct CellGradient {
  float c, n;

  // d: gradients of the pre-activations of i, f, z, o.
  __device__ __forceinline__ void step(float dHidden, const CellSlopes& x, float (&d)[4]) {
    const float dC = c + dHidden * x.hOfC, dN = n + dHidden * x.hOfN;
    d[0] = (dC * x.value + dN) * x.write;
    d[1] = (dC * x.cBefore + dN * x.nBefore) * x.ofForget;
    d[2] = dC * x.ofValue;
    d[3] = dHidden * x.ofOpen;
    c = dC * x.keep;
    n = dN * x.keep;
  }
};
