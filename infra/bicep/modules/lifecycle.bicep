// What becomes of old blobs.

param storageName string

@description('Container of the artifacts.')
param artifactContainer string

@description('Days without an access after which files (checkpoints, above all) move to the cool tier; one that is read again comes back.')
param coolAfterDays int

@description('Days without a change after which a run\'s files are deleted, finished models included; 0 keeps them.')
param deleteRunsAfterDays int

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName
}

var cooling = {
  enableAutoTierToHotFromCool: true
  tierToCool: { daysAfterLastAccessTimeGreaterThan: coolAfterDays }
}

// A rule's prefix knows no wildcard, so checkpoints (runs/{run}/checkpoints/) go with their run. The trainer deletes those it no longer needs itself.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'checkpoints-and-runs'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${artifactContainer}/runs/'] }
            actions: {
              baseBlob: union(
                cooling,
                deleteRunsAfterDays == 0 ? {} : { delete: { daysAfterModificationGreaterThan: deleteRunsAfterDays } }
              )
            }
          }
        }
        {
          name: 'teacher-outputs'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${artifactContainer}/teacher-outputs/'] }
            actions: { baseBlob: cooling }
          }
        }
      ]
    }
  }
}
