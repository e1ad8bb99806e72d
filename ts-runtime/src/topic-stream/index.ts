export { topicServiceImpl } from "./topic-methods.ts";
export { createTopicService } from "./topic-service.ts";
