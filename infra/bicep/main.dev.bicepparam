// A deployment to try things on: a T4, public endpoints (Entra only), nothing kept for long.
using 'main.bicep'

param name = 'distil-dev'
param image = 'distil-trainer:latest' // '' at the first deployment, before it is pushed
param gpu = 'T4'
param gpuTimeoutHours = 6
param alertEmail = 'distil-dev@example.com'
param monthlyBudget = 100
param budgetStart = '2026-12-01'
param coolAfterDays = 7
param deleteRunsAfterDays = 30
