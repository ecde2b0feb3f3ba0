// Generated from the zod schemas by `pnpm generate`. Do not edit.
export const jsonSchemas = {
  "Run": {
    "title": "Run",
    "anyOf": [
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "pending"
          },
          "output_url": {
            "type": "null"
          },
          "error": {
            "type": "null"
          },
          "scene_candidate": {
            "type": "null"
          },
          "progress": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100
          },
          "step": {
            "type": [
              "string",
              "null"
            ]
          }
        },
        "required": [
          "run_id",
          "status",
          "output_url",
          "error",
          "scene_candidate",
          "progress",
          "step"
        ],
        "additionalProperties": true
      },
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "running"
          },
          "output_url": {
            "type": "null"
          },
          "error": {
            "type": "null"
          },
          "scene_candidate": {
            "type": "null"
          },
          "progress": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100
          },
          "step": {
            "type": [
              "string",
              "null"
            ]
          }
        },
        "required": [
          "run_id",
          "status",
          "output_url",
          "error",
          "scene_candidate",
          "progress",
          "step"
        ],
        "additionalProperties": true
      },
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "done"
          },
          "progress": {
            "type": "number",
            "const": 100
          },
          "step": {
            "type": [
              "string",
              "null"
            ]
          },
          "output_url": {
            "type": "string",
            "pattern": "^\\/workspace\\/[^\\\\]+$"
          },
          "error": {
            "type": "null"
          },
          "scene_candidate": {
            "type": "object",
            "properties": {
              "workspace_path": {
                "type": "string",
                "minLength": 1
              }
            },
            "required": [
              "workspace_path"
            ],
            "additionalProperties": true
          }
        },
        "required": [
          "run_id",
          "status",
          "progress",
          "step",
          "output_url",
          "error",
          "scene_candidate"
        ],
        "additionalProperties": true
      },
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "error"
          },
          "output_url": {
            "type": "null"
          },
          "error": {
            "type": "string",
            "minLength": 1
          },
          "scene_candidate": {
            "type": "null"
          },
          "progress": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100
          },
          "step": {
            "type": [
              "string",
              "null"
            ]
          }
        },
        "required": [
          "run_id",
          "status",
          "output_url",
          "error",
          "scene_candidate",
          "progress",
          "step"
        ],
        "additionalProperties": true
      },
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "cancelled"
          },
          "output_url": {
            "type": "null"
          },
          "error": {
            "type": [
              "string",
              "null"
            ]
          },
          "scene_candidate": {
            "type": "null"
          },
          "progress": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100
          },
          "step": {
            "type": [
              "string",
              "null"
            ]
          }
        },
        "required": [
          "run_id",
          "status",
          "output_url",
          "error",
          "scene_candidate",
          "progress",
          "step"
        ],
        "additionalProperties": true
      }
    ]
  },
  "StrictRun": {
    "title": "StrictRun",
    "anyOf": [
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "pending"
          },
          "model_id": {
            "type": "string"
          },
          "created_at": {
            "type": "string",
            "format": "date-time"
          },
          "started_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "finished_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "queue_position": {
            "anyOf": [
              {
                "type": "integer",
                "minimum": 0
              },
              {
                "type": "null"
              }
            ]
          },
          "output_url": {
            "type": "null"
          },
          "error": {
            "type": "null"
          },
          "scene_candidate": {
            "type": "null"
          },
          "progress": {
            "type": "number",
            "const": 0
          },
          "step": {
            "anyOf": [
              {
                "type": "string",
                "minLength": 1
              },
              {
                "type": "null"
              }
            ]
          }
        },
        "required": [
          "run_id",
          "status",
          "model_id",
          "created_at",
          "started_at",
          "finished_at",
          "queue_position",
          "output_url",
          "error",
          "scene_candidate",
          "progress",
          "step"
        ],
        "additionalProperties": true
      },
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "running"
          },
          "model_id": {
            "type": "string"
          },
          "created_at": {
            "type": "string",
            "format": "date-time"
          },
          "started_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "finished_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "queue_position": {
            "anyOf": [
              {
                "type": "integer",
                "minimum": 0
              },
              {
                "type": "null"
              }
            ]
          },
          "output_url": {
            "type": "null"
          },
          "error": {
            "type": "null"
          },
          "scene_candidate": {
            "type": "null"
          },
          "progress": {
            "type": "integer",
            "minimum": 0,
            "maximum": 99
          },
          "step": {
            "type": "string",
            "minLength": 1
          }
        },
        "required": [
          "run_id",
          "status",
          "model_id",
          "created_at",
          "started_at",
          "finished_at",
          "queue_position",
          "output_url",
          "error",
          "scene_candidate",
          "progress",
          "step"
        ],
        "additionalProperties": true
      },
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "done"
          },
          "model_id": {
            "type": "string"
          },
          "created_at": {
            "type": "string",
            "format": "date-time"
          },
          "started_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "finished_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "queue_position": {
            "anyOf": [
              {
                "type": "integer",
                "minimum": 0
              },
              {
                "type": "null"
              }
            ]
          },
          "progress": {
            "type": "number",
            "const": 100
          },
          "step": {
            "type": "string",
            "const": "Completed"
          },
          "output_url": {
            "type": "string",
            "pattern": "^\\/workspace\\/[^\\\\]+$"
          },
          "error": {
            "type": "null"
          },
          "scene_candidate": {
            "type": "object",
            "properties": {
              "workspace_path": {
                "type": "string",
                "minLength": 1
              }
            },
            "required": [
              "workspace_path"
            ],
            "additionalProperties": true
          }
        },
        "required": [
          "run_id",
          "status",
          "model_id",
          "created_at",
          "started_at",
          "finished_at",
          "queue_position",
          "progress",
          "step",
          "output_url",
          "error",
          "scene_candidate"
        ],
        "additionalProperties": true
      },
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "error"
          },
          "model_id": {
            "type": "string"
          },
          "created_at": {
            "type": "string",
            "format": "date-time"
          },
          "started_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "finished_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "queue_position": {
            "anyOf": [
              {
                "type": "integer",
                "minimum": 0
              },
              {
                "type": "null"
              }
            ]
          },
          "output_url": {
            "type": "null"
          },
          "error": {
            "type": "string",
            "minLength": 1
          },
          "scene_candidate": {
            "type": "null"
          },
          "progress": {
            "type": "integer",
            "minimum": 0,
            "maximum": 99
          },
          "step": {
            "type": "string",
            "minLength": 1
          }
        },
        "required": [
          "run_id",
          "status",
          "model_id",
          "created_at",
          "started_at",
          "finished_at",
          "queue_position",
          "output_url",
          "error",
          "scene_candidate",
          "progress",
          "step"
        ],
        "additionalProperties": true
      },
      {
        "type": "object",
        "properties": {
          "run_id": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._~-]{1,128}$"
          },
          "status": {
            "type": "string",
            "const": "cancelled"
          },
          "model_id": {
            "type": "string"
          },
          "created_at": {
            "type": "string",
            "format": "date-time"
          },
          "started_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "finished_at": {
            "anyOf": [
              {
                "type": "string",
                "format": "date-time"
              },
              {
                "type": "null"
              }
            ]
          },
          "queue_position": {
            "anyOf": [
              {
                "type": "integer",
                "minimum": 0
              },
              {
                "type": "null"
              }
            ]
          },
          "output_url": {
            "type": "null"
          },
          "error": {
            "type": "null"
          },
          "scene_candidate": {
            "type": "null"
          },
          "progress": {
            "type": "integer",
            "minimum": 0,
            "maximum": 99
          },
          "step": {
            "anyOf": [
              {
                "type": "string",
                "minLength": 1
              },
              {
                "type": "null"
              }
            ]
          }
        },
        "required": [
          "run_id",
          "status",
          "model_id",
          "created_at",
          "started_at",
          "finished_at",
          "queue_position",
          "output_url",
          "error",
          "scene_candidate",
          "progress",
          "step"
        ],
        "additionalProperties": true
      }
    ]
  },
  "CreateAnswer": {
    "title": "CreateAnswer",
    "type": "object",
    "properties": {
      "run_id": {
        "type": "string",
        "pattern": "^[A-Za-z0-9._~-]{1,128}$"
      },
      "status": {
        "type": "string",
        "const": "pending"
      }
    },
    "required": [
      "run_id",
      "status"
    ],
    "additionalProperties": true
  },
  "CancelAnswer": {
    "title": "CancelAnswer",
    "type": "object",
    "properties": {
      "run_id": {
        "type": "string",
        "pattern": "^[A-Za-z0-9._~-]{1,128}$"
      },
      "status": {
        "type": "string",
        "enum": [
          "pending",
          "running",
          "done",
          "error",
          "cancelled"
        ]
      },
      "cancelled": {
        "type": "boolean"
      }
    },
    "additionalProperties": true,
    "anyOf": [
      {
        "required": [
          "status"
        ]
      },
      {
        "required": [
          "cancelled"
        ]
      }
    ]
  },
  "StrictCancelAnswer": {
    "title": "StrictCancelAnswer",
    "type": "object",
    "properties": {
      "run_id": {
        "type": "string",
        "pattern": "^[A-Za-z0-9._~-]{1,128}$"
      },
      "status": {
        "type": "string",
        "enum": [
          "pending",
          "running",
          "done",
          "error",
          "cancelled"
        ]
      },
      "cancelled": {
        "type": "boolean"
      }
    },
    "required": [
      "run_id",
      "status",
      "cancelled"
    ],
    "additionalProperties": true
  },
  "Problem": {
    "title": "Problem",
    "type": "object",
    "properties": {
      "detail": {
        "type": "string",
        "minLength": 1
      },
      "title": {
        "type": "string"
      },
      "status": {
        "type": "integer",
        "minimum": 400,
        "maximum": 599
      },
      "code": {
        "type": "string",
        "enum": [
          "malformed_request",
          "missing_field",
          "invalid_field",
          "unexpected_file",
          "not_an_image",
          "unreadable_image",
          "unknown_model",
          "invalid_params",
          "invalid_run_id",
          "invalid_path",
          "unknown_format",
          "unauthorized",
          "forbidden_host",
          "forbidden_origin",
          "run_not_found",
          "file_not_found",
          "model_not_found",
          "route_not_found",
          "method_not_allowed",
          "request_timeout",
          "create_in_progress",
          "precondition_failed",
          "image_too_large",
          "params_too_large",
          "request_too_large",
          "range_not_satisfiable",
          "unsupported_media_type",
          "idempotency_mismatch",
          "too_many_requests",
          "headers_too_large",
          "internal",
          "queue_full",
          "too_many_uploads",
          "overloaded",
          "stopping",
          "not_ready",
          "storage_busy",
          "storage_lost",
          "modly_away",
          "storage_full"
        ]
      },
      "errors": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "field": {
              "type": "string"
            },
            "message": {
              "type": "string"
            }
          },
          "required": [
            "field",
            "message"
          ],
          "additionalProperties": false
        }
      }
    },
    "required": [
      "detail",
      "title",
      "status",
      "code"
    ],
    "additionalProperties": true
  },
  "AnyProblem": {
    "title": "AnyProblem",
    "type": "object",
    "properties": {
      "detail": {
        "anyOf": [
          {
            "type": "string"
          },
          {
            "type": "array",
            "items": {}
          }
        ]
      }
    },
    "required": [
      "detail"
    ],
    "additionalProperties": true
  },
  "Health": {
    "title": "Health",
    "type": "object",
    "properties": {
      "status": {
        "type": "string",
        "const": "ok"
      },
      "version": {
        "type": "string"
      },
      "workflow_runs": {
        "type": "string",
        "const": "1.0"
      }
    },
    "required": [
      "status",
      "version",
      "workflow_runs"
    ],
    "additionalProperties": true
  },
  "Model": {
    "title": "Model",
    "type": "object",
    "properties": {
      "id": {
        "type": "string"
      },
      "name": {
        "type": "string"
      },
      "description": {
        "type": "string"
      },
      "version": {
        "type": "string"
      },
      "vram_gb": {
        "type": [
          "number",
          "null"
        ]
      },
      "hf_repo": {
        "type": [
          "string",
          "null"
        ]
      },
      "tags": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "downloaded": {
        "type": "boolean"
      },
      "loaded": {
        "type": "boolean"
      },
      "active": {
        "type": "boolean"
      }
    },
    "required": [
      "id",
      "name",
      "description",
      "version",
      "vram_gb",
      "hf_repo",
      "tags",
      "downloaded",
      "loaded",
      "active"
    ],
    "additionalProperties": true
  },
  "ModelStatus": {
    "title": "ModelStatus",
    "type": "object",
    "properties": {
      "id": {
        "type": "string"
      },
      "name": {
        "type": "string"
      },
      "downloaded": {
        "type": "boolean"
      },
      "loaded": {
        "type": "boolean"
      }
    },
    "required": [
      "id",
      "name",
      "downloaded",
      "loaded"
    ],
    "additionalProperties": true
  },
  "ParamSpec": {
    "title": "ParamSpec",
    "type": "object",
    "properties": {
      "id": {
        "type": "string"
      },
      "label": {
        "type": "string"
      },
      "type": {
        "type": "string"
      },
      "default": {},
      "min": {
        "type": [
          "number",
          "string"
        ]
      },
      "max": {
        "type": [
          "number",
          "string"
        ]
      },
      "step": {
        "type": [
          "number",
          "string"
        ]
      },
      "options": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "value": {
              "type": [
                "string",
                "number",
                "boolean"
              ]
            },
            "label": {
              "type": "string"
            }
          },
          "required": [
            "value",
            "label"
          ],
          "additionalProperties": true
        }
      },
      "tooltip": {
        "type": "string"
      },
      "show_if": {}
    },
    "required": [
      "id",
      "type"
    ],
    "additionalProperties": true
  }
} as const;
