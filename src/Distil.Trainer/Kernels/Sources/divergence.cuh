// One token's or bucket's term of a divergence and its derivative by log s: Divergence.cs has the equations. DIVERGENCE is a value of DivergenceKind.
#define FORWARD_KL 0
#define REVERSE_KL 1
#define JENSEN_SHANNON 2
#define SKEW_KL 3
#define SKEW_REVERSE_KL 4
#define TOTAL_VARIATION 5
#define LOWEST_BUCKET -80.f

struct Term { float value, slope; };

// teacher is log q, student log s, weight the teacher's in the mixture.
__device__ __forceinline__ Term termOf(float teacher, float student, float weight) {
  const float q = expf(teacher), s = expf(student);
#if DIVERGENCE == FORWARD_KL
  return {q * (teacher - student), -q};
#elif DIVERGENCE == REVERSE_KL
  return {s * (student - teacher), s * (student - teacher + 1.f)};
#elif DIVERGENCE == TOTAL_VARIATION
  return {0.5f * fabsf(q - s), s > q ? 0.5f * s : s < q ? -0.5f * s : 0.f};
#else
  const float left = teacher + logf(weight), right = student + logf(1.f - weight);
  const float mixture = fmaxf(left, right) + log1pf(expf(-fabsf(left - right)));
  const float own = s * (student - mixture), others = q * (teacher - mixture);
#if DIVERGENCE == JENSEN_SHANNON
  return {weight * others + (1.f - weight) * own, (1.f - weight) * own};
#elif DIVERGENCE == SKEW_KL
  return {others, -(1.f - weight) * q * expf(student - mixture)};
#else
  return {own, own + weight * s * expf(teacher - mixture)};
#endif
#endif
}
