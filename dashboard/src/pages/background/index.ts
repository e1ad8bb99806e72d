export { DeadLetters } from "./dead-letters.tsx";
export { ServicesAsked, servicesAsked } from "./services-asked.tsx";
export { LagText, Parts, Waiting, WorkStateText } from "./work.tsx";
