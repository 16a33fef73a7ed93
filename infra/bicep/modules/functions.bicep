// The Functions app that runs the pipeline and answers the API, on Flex Consumption.

param name string
param location string
param tags object
param hostName string
param storageName string
param insightsName string

@description('URI of the container with the app\'s package.')
param packagesUri string

@description('URI of the artifact container.')
param artifactsUri string

@description('Resource ids of the jobs.')
param gpuJobId string
param cpuJobId string

@description('Endpoint and task hub of the Durable Task Scheduler; empty keeps Durable\'s state in the storage account.')
param schedulerEndpoint string
param schedulerHub string

@description('Subnet of the app\'s outgoing calls; empty for none.')
param subnetId string

@description('Most instances at once.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

var clientId = host.properties.clientId
var settings = union(
  {
    AzureWebJobsStorage__accountName: storageName
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: clientId
    AZURE_CLIENT_ID: clientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
    WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED: '0' // placeholders are known to crash isolated apps of .NET 10
    AzureWebJobsDisableHomepage: 'true' // the live view is there
    DISTIL_ARTIFACTS: artifactsUri
    DISTIL_GPU_JOB: gpuJobId
    DISTIL_CPU_JOB: cpuJobId
  },
  empty(schedulerEndpoint)
    ? {}
    : {
        DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${clientId}'
        AzureFunctionsJobHost__extensions__durableTask__hubName: schedulerHub
        AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
        AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
      }
)

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${name}'
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${host.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packagesUri
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: host.id }
        }
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      scaleAndConcurrency: { maximumInstanceCount: maximumInstances, instanceMemoryMB: 2048 }
    }
    siteConfig: { minTlsVersion: '1.2', appSettings: map(items(settings), item => { name: item.key, value: item.value }) }
  }

  // Publishing takes an Entra token; a password would be a key by another name.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
