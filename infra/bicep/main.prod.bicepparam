// A deployment to rely on: an A100, private endpoints, a managed Durable back end, storage over zones.
using 'main.bicep'

param name = 'distil-prod'
param image = 'distil-trainer:latest' // a digest, distil-trainer@sha256:…, makes each run use what was tested; '' at the first deployment, before it is pushed
param gpu = 'A100'
param gpuTimeoutHours = 72
param durableBackend = 'scheduler'
param schedulerUnits = 3
param alwaysReady = 2
param zoneRedundant = true
param privateNetworking = true
param storageSku = 'Standard_ZRS'
param alertEmail = 'distil@example.com'
param monthlyBudget = 5000
param budgetStart = '2026-12-01'
param logRetentionDays = 90
