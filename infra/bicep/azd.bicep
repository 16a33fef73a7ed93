// What azd up deploys: a resource group and all of Distil in it.

targetScope = 'subscription'

@description('Name of the azd environment; it becomes part of every resource\'s name.')
@minLength(3)
@maxLength(12)
param environmentName string

@description('A region with serverless GPUs, Flex Consumption and Durable Task Scheduler.')
@allowed(['australiaeast', 'swedencentral', 'westus', 'westus3'])
@metadata({ azd: { type: 'location' } })
param location string

@description('The trainer\'s image, repository@digest; empty until infra/azd/image.sh has built it.')
param image string

@description('The GPU of the jobs.')
@allowed(['A100', 'T4'])
param gpu string

@description('Who is told of failed and stalled runs and of the budget.')
param alertEmail string

@description('Budget a month, in the subscription\'s currency; 0 sets none.')
@minValue(0)
param monthlyBudget int

@description('First day of the budget\'s first month, yyyy-MM-dd.')
param budgetStart string

@description('Object id of the person who deploys: they upload teachers and read reports. Empty for none.')
param principalId string

var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module distil 'main.bicep' = {
  scope: group
  params: {
    name: environmentName
    location: location
    image: image
    gpu: gpu
    alertEmail: alertEmail
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
    operatorPrincipalIds: empty(principalId) ? [] : [principalId]
    tags: tags
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = distil.outputs.registryServer
output GPU_JOB_ID string = distil.outputs.gpuJobId
output CPU_JOB_ID string = distil.outputs.cpuJobId
output API_URL string = distil.outputs.apiUrl
output FUNCTIONS_NAME string = distil.outputs.functionsName
