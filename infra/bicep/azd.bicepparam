// The parameters of azd up, from the variables of its environment (azd env set).
using 'azd.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'distil')
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param image = readEnvironmentVariable('DISTIL_IMAGE', '')
param gpu = readEnvironmentVariable('DISTIL_GPU', 'T4')
param alertEmail = readEnvironmentVariable('DISTIL_ALERT_EMAIL', 'distil@example.com')
param monthlyBudget = int(readEnvironmentVariable('DISTIL_MONTHLY_BUDGET', '100'))
param budgetStart = readEnvironmentVariable('DISTIL_BUDGET_START', '2026-12-01')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
