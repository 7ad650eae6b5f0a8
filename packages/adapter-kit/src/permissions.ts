export { dedicatedClaimPermissions, permissions, roleRules, type Permission } from './environment/permissions.ts'
