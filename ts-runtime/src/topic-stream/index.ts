export { createGroupReaders, type GroupReaders } from "./group-readers.ts";
export { topicServiceImpl } from "./topic-methods.ts";
export { createTopicService } from "./topic-service.ts";
