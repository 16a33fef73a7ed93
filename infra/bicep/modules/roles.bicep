// Built-in roles by what they allow. Ids: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles

@export()
@description('Read, write and delete blobs.')
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

@export()
@description('Read, write and delete queue messages.')
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

@export()
@description('Read, write and delete table entities.')
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

@export()
@description('Pull images.')
var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

@export()
@description('Send telemetry.')
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

@export()
@description('Read, start and stop Container Apps jobs.')
var jobsOperator = 'b9a307c4-5aa3-4b52-ba60-2b17c136cd7b'

@export()
@description('Run orchestrations in a Durable Task Scheduler.')
var durableTaskDataContributor = '0ad04412-c4d5-4796-b79c-f76d14c8d402'

@export()
@description('Read, write and delete blobs, and take leases as the Functions host does for its own storage.')
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

@export()
@description('Read secrets.')
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
