// Who acts: the pipeline (Functions) and the jobs (Container Apps). Two identities, so that each can do only its own work.

@description('Name of the identity of the Functions app.')
param hostName string

@description('Name of the identity of the jobs.')
param trainerName string
param location string
param tags object

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: hostName
  location: location
  tags: tags
}

resource trainer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: trainerName
  location: location
  tags: tags
}
